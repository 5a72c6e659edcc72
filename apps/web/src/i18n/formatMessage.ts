import { IntlMessageFormat } from "intl-messageformat";

/** Names of the parameters of an ICU message, with the kinds that their values have. */
export type ParametersOf<Message extends string> = Union<Parameter<Message>>;

type Union<P extends readonly [name: string, kind: unknown]> = {
  readonly [Name in P[0]]: Extract<P, readonly [Name, unknown]>[1];
};

/** `[name, kind]` of each brace but those around the branches of a plural. */
type Parameter<Message extends string> = Message extends `${infer Before}{${infer Rest}`
  ? (Before extends `${string}${BranchName} ` ? never : First<Rest>) | Parameter<Rest>
  : never;
type BranchName = "=0" | "one" | "other";

/** `name}`, or `name, plural, …` and `name, number}`. */
type First<Rest extends string> = Rest extends `${infer Inside}}${string}`
  ? Inside extends `${infer Name},${string}`
    ? readonly [Name, number]
    : readonly [Inside, string]
  : never;

/** Fills messages in one language. @throws {FormatError} A parameter is missing. @throws {SyntaxError} A broken message. */
export type FormatMessage = (
  message: string,
  parameters: Readonly<Record<string, string | number>>,
) => string;

/**
 * ICU MessageFormat in one language; messages are parsed when they are first used. What stands in angle brackets is text.
 *
 * @param locale - BCP 47; chooses branches of plurals and writes numbers.
 */
export function messageFormat(locale: string): FormatMessage {
  const parsed = new Map<string, IntlMessageFormat>();
  return (message, parameters) => {
    let format = parsed.get(message);
    if (format === undefined) {
      format = new IntlMessageFormat(message, locale, undefined, { ignoreTag: true });
      parsed.set(message, format);
    }
    return String(format.format(parameters));
  };
}
