import { en } from "./en.ts";
import { enHistory } from "./enHistory.ts";
import { enTerms } from "./enTerms.ts";
import { zh } from "./zh.ts";
import { zhHistory } from "./zhHistory.ts";
import { zhTerms } from "./zhTerms.ts";
import type { MessageId } from "./en.ts";
import type { HistoryTextId } from "./enHistory.ts";
import type { TermId } from "./enTerms.ts";
import type { ParametersOf } from "./formatMessage.ts";

/** Languages by their value in the address (`?lang=`). */
export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];
export type { TermId };
export type TextId = MessageId | HistoryTextId | TermId;

/** What a text must be told: nothing, or its parameters by name. */
export type TextParameters<Id extends TextId> = [ParameterName<Id>] extends [never]
  ? []
  : [parameters: ParametersOf<English[Id]>];
/** Texts without parameters. */
export type PlainTextId = {
  readonly [Id in TextId]: TextParameters<Id> extends [] ? Id : never;
}[TextId];
type ParameterName<Id extends TextId> = keyof ParametersOf<English[Id]>;
type English = typeof en & typeof enHistory & typeof enTerms;

export const texts: Readonly<Record<Language, Readonly<Record<TextId, string>>>> = {
  en: { ...en, ...enHistory, ...enTerms },
  zh: { ...zh, ...zhHistory, ...zhTerms },
};

/** BCP 47 tags: for `lang` attributes and for Intl. */
export const locales: Readonly<Record<Language, string>> = { en: "en", zh: "zh-CN" };

/** Each language by its own name. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", zh: "简体中文" };

const isLanguage = (value: string | null | undefined): value is Language =>
  (languages as readonly (string | null | undefined)[]).includes(value);

/** The language of the address, else the one last chosen, else the first of the browser's that we have. */
export function chooseLanguage(from: {
  readonly search: string;
  readonly stored: string | null;
  readonly browser: readonly string[];
}): Language {
  const asked = new URLSearchParams(from.search).get("lang");
  if (isLanguage(asked)) return asked;
  if (isLanguage(from.stored)) return from.stored;
  const known = from.browser.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage);
  return known ?? "en";
}

/**
 * The language of a text in a record, where its script tells: it may differ from the page's, and a voice that reads the
 * page aloud must know.
 *
 * @returns `undefined` where the page's own language will do.
 */
export function scriptLanguage(text: string, page: Language): string | undefined {
  const han = /\p{Script=Han}/u.test(text);
  if (han) return page === "zh" ? undefined : locales.zh;
  return page === "zh" && /[A-Za-z]{2}/.test(text) ? locales.en : undefined;
}
