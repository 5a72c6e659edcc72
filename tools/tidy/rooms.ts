/** The tables of rooms in README, CONTRIBUTING and ARCHITECTURE hold the folders that there are, with their arrows. */
import { arrows } from "./arrows.ts";
import { finding, type Source } from "./sources.ts";
import type { Workspace } from "./workspaces.ts";

interface Row {
  readonly line: number;
  readonly room: string;
  /** What the room may import, as {@link arrows} names it; undefined where the table does not say, or says all. */
  readonly imports?: readonly string[];
}

/** How each document writes its rows. */
const documents: Readonly<Record<string, (line: string) => readonly Omit<Row, "line">[]>> = {
  "README.md": readmeRooms,
  "CONTRIBUTING.md": contributingRooms,
  "docs/ARCHITECTURE.md": architectureRooms,
};

export function roomFindings(
  sources: readonly Source[],
  workspaces: readonly Workspace[],
): string[] {
  const folders = workspaces.map(({ folder }) => folder).filter((folder) => folder !== "");
  return Object.entries(documents).flatMap(([path, read]) => {
    const text = sources.find((source) => source.path === path)?.text ?? "";
    const rows = text
      .split("\n")
      .flatMap((line, at): Row[] => read(line).map((row) => ({ line: at + 1, ...row })));
    return tableFindings(path, rows, folders);
  });
}

function tableFindings(path: string, rows: readonly Row[], folders: readonly string[]): string[] {
  const seen = new Set<string>();
  const faults = rows.flatMap(({ line, room, imports }) => {
    const isRepeated = seen.has(room);
    seen.add(room);
    if (isRepeated) return [finding(path, line, `names ${room} twice`)];
    if (!folders.includes(room))
      return [finding(path, line, `names ${room}, which does not exist`)];
    const wanted = arrows[room]?.toSorted().join(", ");
    const found = imports?.toSorted().join(", ");
    if (found === undefined || wanted === undefined || found === wanted) return [];
    return [
      finding(path, line, `lets ${room} import "${found}"; tools/tidy/arrows.ts "${wanted}"`),
    ];
  });
  const missing = folders.filter((folder) => !seen.has(folder));
  return [...faults, ...missing.map((folder) => finding(path, 1, `leaves out ${folder}`))];
}

/** A row for each package; all apps in one row. */
function readmeRooms(line: string): Omit<Row, "line">[] {
  const room = /^\| `(packages\/[a-z]+)` \|/.exec(line)?.[1];
  const apps = /^\| `apps\/\*` \| (.+) \|$/.exec(line)?.[1]?.split(", ") ?? [];
  return [...(room === undefined ? [] : [room]), ...apps.map((app) => `apps/${app}`)].map(
    (name) => ({ room: name }),
  );
}

/** `apps/registry, vault   what   server, protocol, crypto/{verify,sign}`: columns parted by two spaces or more. */
function contributingRooms(line: string): Omit<Row, "line">[] {
  const [names = "", ...columns] = line.split(/ {2,}/);
  if (!/^(?:packages|apps)\/[a-z]+(?:, [a-z]+)*$/.test(names) || columns.length === 0) return [];
  const [folder = "", rest = ""] = names.split("/");
  const last = columns.at(-1) ?? "";
  const imports = last
    .replace(/(\w+)\/\{([^}]*)\}/g, (_, room: string, entries: string) =>
      entries.replace(/\w+/g, (entry) => `${room}/${entry}`),
    )
    .split(/, ?/);
  return rest.split(", ").map((name) => ({ room: `${folder}/${name}`, ...saying(last, imports) }));
}

/** Rooms and entries in code spans; `crypto` for servers is what the text below the table says. */
function architectureRooms(line: string): Omit<Row, "line">[] {
  const [, room, last = ""] =
    /^\| `((?:packages|apps)\/[a-z]+)` \| .* \| (.+) \|$/.exec(line) ?? [];
  if (room === undefined) return [];
  const spelt = last.replace("`crypto` for servers", "`crypto/verify` `crypto/sign` `crypto/box`");
  return [
    {
      room,
      ...saying(
        last,
        [...spelt.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
      ),
    },
  ];
}

function saying(last: string, imports: readonly string[]): { imports?: readonly string[] } {
  if (last.startsWith("every room")) return {};
  return { imports: /^(?:nothing of ours|public libraries)$/.test(last) ? [] : imports };
}
