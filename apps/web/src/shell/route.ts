/** Pages by their address. Ids in it are opaque and public; names, titles and content never stand there. */
export type Route =
  | { readonly page: "home" }
  | { readonly page: "record"; readonly id: string }
  | { readonly page: "requests"; readonly id?: string }
  | { readonly page: "sharing"; readonly gid?: string }
  /** `patient`: whose, by fingerprint, for a doctor. */
  | { readonly page: "history"; readonly patient?: string }
  | { readonly page: "log" }
  | { readonly page: "ask" }
  | { readonly page: "written" }
  | { readonly page: "help" }
  | { readonly page: "unknown" };

const ID = /^[0-9a-f]{16,128}$/;

export function parseRoute(path: string): Route {
  const [first = "", second, ...more] = path.split("/").filter((part) => part !== "");
  if (more.length > 0 || (second !== undefined && !ID.test(second))) return { page: "unknown" };
  switch (first) {
    case "":
      return { page: "home" };
    case "records":
      return second === undefined ? { page: "home" } : { page: "record", id: second };
    case "requests":
      return { page: "requests", ...(second !== undefined && { id: second }) };
    case "history":
      return { page: "history", ...(second !== undefined && { patient: second }) };
    case "sharing":
      return { page: "sharing", ...(second !== undefined && { gid: second }) };
    case "log":
    case "ask":
    case "written":
    case "help":
      return second === undefined ? { page: first } : { page: "unknown" };
    default:
      return { page: "unknown" };
  }
}

export function pathOf(route: Route): string {
  switch (route.page) {
    case "home":
    case "unknown":
      return "/";
    case "record":
      return `/records/${route.id}`;
    case "requests":
      return route.id === undefined ? "/requests" : `/requests/${route.id}`;
    case "sharing":
      return route.gid === undefined ? "/sharing" : `/sharing/${route.gid}`;
    case "history":
      return route.patient === undefined ? "/history" : `/history/${route.patient}`;
    case "log":
    case "ask":
    case "written":
    case "help":
      return `/${route.page}`;
  }
}
