/** A store keeps what it acknowledged through a loss of power: LMDB is opened so that a commit waits for its fsync. */
import { finding, isTest, matches, withoutComments, type Source } from "./sources.ts";

/** Options under which a commit resolves before its bytes are on disk. */
const forgetful = /\b(?:noSync|noMetaSync|mapAsync|useWritemap)\b/g;

export function durabilityFindings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path, text }) => !isTest(path) && /\bopen\b[^;]*\bfrom "lmdb"/.test(text))
    .flatMap(({ path, text }) => {
      const code = withoutComments(text);
      const opened = [...matches(code, /(?<![.\w])open(?:<[^>]*>)?\(\{([^}]*)\}\)/g)];
      const overlapping = opened
        .filter(({ match }) => !/\boverlappingSync: false\b/.test(match[1] ?? ""))
        .map(({ line }) => finding(path, line, "opens LMDB without overlappingSync: false"));
      const named = [...matches(code, forgetful)].map(({ line, match }) =>
        finding(path, line, `"${match[0]}" lets LMDB forget what it acknowledged`),
      );
      const none =
        opened.length === 0 ? [finding(path, 1, "opens LMDB with options elsewhere")] : [];
      return [...none, ...overlapping, ...named];
    });
}
