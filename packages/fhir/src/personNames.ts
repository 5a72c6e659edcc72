/** What stands around a name and is not part of it. */
const TITLES: ReadonlySet<string> = new Set(
  "mr mrs ms miss mx dr prof herr frau m mme mlle sr jr md phd ii iii iv".split(" "),
);
/** Letters that have no decomposition in Unicode, as they are written where they cannot be typed. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: "ss",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  æ: "ae",
  œ: "oe",
  ı: "i",
};
const UMLAUTS: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", å: "aa" };

/**
 * Whether two names can be one person's: `undefined` where that cannot be told, as they are written in different scripts
 * or one is but a single word of the other.
 *
 * Case, accents, order, punctuation and titles do not count; `Müller` is `Muller` and `Mueller`. One may leave out or
 * shorten to initials what the other spells out, but for one word at least. Han, kana and hangul names are compared
 * without their spaces.
 */
export function namesAgree(one: string, other: string): boolean | undefined {
  const [left, right] = [scriptOf(one), scriptOf(other)];
  if (left === undefined || right === undefined || left !== right) return undefined;
  if (left === "ideographic") return sameIdeographs(one, other);
  const verdicts = spellings(one).flatMap((a) => spellings(other).map((b) => sameWords(a, b)));
  return verdicts.includes(true) || (verdicts.includes(undefined) ? undefined : false);
}

type Script = "ideographic" | "latin" | "other";

function scriptOf(name: string): Script | undefined {
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(name))
    return "ideographic";
  if (/\p{Script=Latin}/u.test(name)) return "latin";
  return /\p{L}/u.test(name) ? "other" : undefined;
}

/** The parts put together in either order are the same: family and given name stand in both. */
function sameIdeographs(one: string, other: string): boolean {
  const orders = (name: string): string[] => {
    const parts = name.normalize("NFKC").match(/[\p{L}\p{N}]+/gu) ?? [];
    return [parts.join(""), parts.toReversed().join("")];
  };
  return orders(one).some((order) => orders(other).includes(order));
}

/** The words of a name, with umlauts left out and spelled out. */
function spellings(name: string): string[][] {
  const lower = name.normalize("NFKC").toLowerCase();
  const spelledOut = lower.normalize("NFC").replace(/[äöüå]/g, (letter) => UMLAUTS[letter] ?? "");
  return [...new Set([lower, spelledOut])].map(wordsOf);
}

function wordsOf(name: string): string[] {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[ßøłđðþæœı]/g, (letter) => PLAIN[letter] ?? "")
    .replace(/['’ʼ`]/gu, "");
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  const kept = words.filter((word) => !TITLES.has(word));
  return (kept.length === 0 ? words : kept).toSorted();
}

/**
 * Whether each word of the shorter name has one of its own in the longer, in full or as an initial; `undefined` where the
 * shorter is only one word of the longer, as a nickname or a family name is.
 */
function sameWords(one: readonly string[], other: readonly string[]): boolean | undefined {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  const left = [...long];
  const take = (fits: (wanted: string) => boolean): boolean => {
    const at = left.findIndex(fits);
    if (at !== -1) left.splice(at, 1);
    return at !== -1;
  };
  const shortened = short.filter((word) => !take((wanted) => wanted === word));
  const inFull = short.length - shortened.length;
  const isInitial = (word: string): boolean =>
    take((wanted) => (word.length === 1 || wanted.length === 1) && wanted[0] === word[0]);
  if (inFull === 0 || !shortened.every(isInitial)) return false;
  return short.length === 1 && left.length > 0 ? undefined : true;
}
