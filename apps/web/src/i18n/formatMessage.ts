/** What a message's placeholders stand for. */
export type MessageParams = Readonly<Record<string, string | number>>;

/**
 * Fills a message in the part of ICU MessageFormat that the catalogue uses: `{name}`, and
 * `{count, plural, =0 {…} one {…} other {…}}` with `#` for the number. Branches nest. Apostrophes are plain text.
 *
 * @param locale - BCP 47; chooses the plural branch and writes the number.
 * @throws {SyntaxError} The pattern is broken. @throws {RangeError} A parameter or the branch `other` is missing.
 */
export function formatMessage(pattern: string, params: MessageParams, locale: string): string {
  let at = 0;

  const text = (count: number | undefined, depth: number): string => {
    let out = "";
    while (at < pattern.length) {
      const char = pattern.charAt(at);
      if (char === "}") {
        if (depth === 0)
          throw new SyntaxError(`Message closes a brace it did not open: ${pattern}`);
        return out;
      }
      at += 1;
      if (char === "{") out += placeholder(count, depth);
      else if (char === "#" && count !== undefined)
        out += new Intl.NumberFormat(locale).format(count);
      else out += char;
    }
    if (depth > 0) throw new SyntaxError(`Message does not close a brace: ${pattern}`);
    return out;
  };

  const word = (): string => {
    const found = /^\s*([^\s{},]+)\s*/.exec(pattern.slice(at));
    if (found === null) throw new SyntaxError(`Message wants a name after a brace: ${pattern}`);
    at += found[0].length;
    return found[1] ?? "";
  };

  const placeholder = (count: number | undefined, depth: number): string => {
    const name = word();
    const value = params[name];
    if (value === undefined)
      throw new RangeError(`Message wants the parameter ${name}: ${pattern}`);
    if (pattern.charAt(at) === "}") {
      at += 1;
      return typeof value === "number" ? new Intl.NumberFormat(locale).format(value) : value;
    }
    at += 1;
    if (word() !== "plural" || typeof value !== "number" || pattern.charAt(at) !== ",")
      throw new SyntaxError(`Message knows only plural, with a number: ${pattern}`);
    at += 1;
    return plural(value, depth);
  };

  const plural = (value: number, depth: number): string => {
    const branches = new Map<string, string>();
    while (pattern.charAt(at) !== "}") {
      const selector = word();
      at += 1;
      branches.set(selector, text(value, depth + 1));
      at += 1;
      at += /^\s*/.exec(pattern.slice(at))?.[0].length ?? 0;
      if (at >= pattern.length) throw new SyntaxError(`Message does not close a brace: ${pattern}`);
    }
    at += 1;
    const rule = new Intl.PluralRules(locale).select(value);
    const chosen = branches.get(`=${value}`) ?? branches.get(rule) ?? branches.get("other");
    if (chosen === undefined) throw new RangeError(`Message wants a branch "other": ${pattern}`);
    return chosen;
  };

  return text(undefined, 0);
}

/** Names of the parameters that a message wants in any of its branches, sorted. */
export function parameterNames(pattern: string): string[] {
  const asked = new Set<string>();
  const params = new Proxy<Record<string, number>>(
    {},
    { get: (_target, name) => (asked.add(String(name)), 2) },
  );
  formatMessage(pattern, params, "en");
  return [...asked].toSorted();
}
