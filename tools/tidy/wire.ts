/** The wire is described once: what goes over it is asked and answered by descriptions, and ids come from parsers. */
import { finding, isCode, isTest, matches, withoutComments, type Source } from "./sources.ts";

/** Files that speak to a server by themselves, each with the reason why no description can do it for them. */
const bareCallers: Readonly<Record<string, string>> = {
  "packages/http/src/part.ts": "the one caller",
  "apps/host/src/demo/world.ts":
    "listens on the wire, so that attacks can send again what was sent",
  "apps/host/src/demo/answered.ts":
    "sends what no client would: again, byte for byte, or without what a route asks for",
  "apps/web/src/join/usePeople.ts":
    "a screen, and screens load no code of ours that could use keys: reads three texts a person by hand",
};

/** Files that serve by themselves. */
const bareServers: Readonly<Record<string, string>> = {
  "packages/server/src/serve.ts": "the one server of described routes",
  "apps/host/src/portal.ts": "serves the portal's files",
  "apps/host/src/demo/routes.ts": "serves the demo persons' devices beside the portal's files",
};

/** Where the shapes stand that mint names and ids. */
const minting = new Set(["packages/protocol/src/ids.ts", "packages/protocol/src/shape/scalars.ts"]);

const rules: readonly {
  readonly pattern: RegExp;
  readonly allowed: (path: string) => boolean;
  readonly wanted: string;
}[] = [
  {
    pattern: /(?<![.#\w])fetch\(/g,
    allowed: (path) => Object.hasOwn(bareCallers, path),
    wanted: "call a described route by packages/http, or give the reason in tools/tidy/wire.ts",
  },
  {
    pattern: /\b(?:answer|response|reply)\w*\.(?:json|text|arrayBuffer)\(\)/g,
    allowed: (path) => Object.hasOwn(bareCallers, path),
    wanted: "read an answer by its route's codec",
  },
  {
    pattern: /from "fastify"/g,
    allowed: (path) => Object.hasOwn(bareServers, path),
    wanted: "describe the route in packages/protocol/src/wire and serve it by packages/server",
  },
  {
    pattern: /\bas (?:SlipId|Pid|Gid|Fingerprint|ChainId|InstitutionId)\b/g,
    allowed: (path) => minting.has(path),
    wanted: "parse it, or compute it, by packages/protocol/src/ids.ts",
  },
];

/** Requests, routes and ids that pass by their descriptions. Tests may play a caller or a server of their own. */
export function wireFindings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => isCode(path) && !isTest(path) && !path.startsWith("tools/"))
    .flatMap(({ path, text }) =>
      rules
        .filter(({ allowed }) => !allowed(path))
        .flatMap(({ pattern, wanted }) =>
          [...matches(withoutComments(text), pattern)].map(({ line, match }) =>
            finding(path, line, `"${match[0]}" goes round the wire's descriptions; ${wanted}`),
          ),
        ),
    );
}
