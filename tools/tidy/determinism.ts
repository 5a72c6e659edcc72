/** The state machine must give the same writes on every machine: what could differ is banned from its code. */
import { finding, isTest, matches, withoutComments, type Source } from "./sources.ts";

const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bDate\b/g, instead: "the block's time from the context" },
  {
    pattern: /\bMath\.(?!(?:min|max|floor)\b)\w+/g,
    instead: "Math.min, Math.max, Math.floor or bigint",
  },
  { pattern: /(?<![.\w])performance\s*\./g, instead: "the block's time from the context" },
  { pattern: /\.localeCompare\b/g, instead: "a comparison of code units or bytes" },
  { pattern: /\bIntl\b/g, instead: "nothing that depends on a locale" },
  { pattern: /\.toLocale\w*/g, instead: "nothing that depends on a locale" },
  { pattern: /\bparseFloat\b/g, instead: "integers" },
  { pattern: /(?<![.\w])fetch\s*\(/g, instead: "no input or output" },
  { pattern: /(?<![.\w])process\s*[.[]/g, instead: "no input or output" },
  { pattern: /\.(?:sort|toSorted)\(\s*\)/g, instead: "an explicit comparator" },
  { pattern: /\bJSON\.stringify\b/g, instead: "the canonical codec" },
];

export function determinismFindings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => path.startsWith("packages/ledger/src/") && !isTest(path))
    .flatMap(({ path, text }) => {
      const code = withoutComments(text);
      return banned.flatMap(({ pattern, instead }) =>
        [...matches(code, pattern)].map(({ line, match }) =>
          finding(path, line, `"${match[0]}" may differ between machines; wanted ${instead}`),
        ),
      );
    });
}
