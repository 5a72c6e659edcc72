/** The named entities met in narratives; XHTML itself has five, exports from HTML use a few more. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  reg: "®",
  trade: "™",
  deg: "°",
  micro: "µ",
  middot: "·",
  plusmn: "±",
  times: "×",
  divide: "÷",
  frac12: "½",
  frac14: "¼",
  frac34: "¾",
  le: "≤",
  ge: "≥",
  ne: "≠",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  bull: "•",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  sect: "§",
  para: "¶",
  euro: "€",
  pound: "£",
  yen: "¥",
  alpha: "α",
  beta: "β",
  gamma: "γ",
  mu: "μ",
  rarr: "→",
  larr: "←",
  uarr: "↑",
  darr: "↓",
  colon: ":",
  tab: "\t",
  newline: "\n",
};

/** Text with its character references replaced once; unknown ones stay as they stand. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z][A-Za-z0-9]*));?/g,
    (whole, hex, decimal, name) => {
      if (typeof name === "string") return ENTITIES[name] ?? ENTITIES[name.toLowerCase()] ?? whole;
      const point = Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16);
      return point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)
        ? "\ufffd"
        : String.fromCodePoint(point);
    },
  );
}
