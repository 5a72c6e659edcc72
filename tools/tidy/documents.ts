/** Documents name only files that exist: in links, and in code spans that start with a room's folder. */
import { posix } from "node:path";
import { finding, matches, type Source } from "./sources.ts";

const link = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)/g;
const codeSpan = /`((?:packages|apps|tests|tools|docs)\/[\w./-]*)`/g;

export function documentFindings(sources: readonly Source[]): string[] {
  const known = new Set<string>();
  for (const { path } of sources) {
    for (let at = path; at !== "."; at = posix.dirname(at)) known.add(at);
  }
  const exists = (path: string): boolean => known.has(posix.normalize(path).replace(/\/$/, ""));
  return sources
    .filter(({ path }) => path.endsWith(".md"))
    .flatMap(({ path, text }) => {
      const targets = [
        ...[...matches(text, link)].map((found) => ({
          ...found,
          target: posix.join(posix.dirname(path), found.match[1] ?? ""),
        })),
        ...[...matches(text, codeSpan)].map((found) => ({
          ...found,
          target: found.match[1] ?? "",
        })),
      ];
      return targets
        .filter(({ target }) => !exists(target))
        .map(({ line, target }) => finding(path, line, `names "${target}", which does not exist`));
    });
}
