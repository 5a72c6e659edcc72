import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { formatBytes, formatDay, formatFhirDate, formatMoment, formatTime } from "./dates.ts";
import { codeName } from "./codes.ts";
import { messageFormat } from "./formatMessage.ts";
import { chooseLanguage, locales, texts } from "./language.ts";
import type { Language, TermId, TextId, TextParameters } from "./language.ts";

/** What views use to speak. */
export interface I18n {
  readonly language: Language;
  readonly locale: string;
  readonly setLanguage: (language: Language) => void;
  /** A text with its parameters, where it has any. */
  readonly t: <Id extends TextId>(id: Id, ...parameters: TextParameters<Id>) => string;
  /** The text of `prefix.value`, else `value` as it stands. */
  readonly term: (prefix: string, value: string) => string;
  /** A FHIR code's name, else the text as it stands. */
  readonly coded: (text: string) => string;
  /** A record's title; what our own import made of a category and a visit is put into this language. */
  readonly titled: (title: string, category: string) => string;
  readonly day: (time: number) => string;
  readonly moment: (time: number) => string;
  /** Hours and minutes. */
  readonly time: (time: number) => string;
  readonly fhirDate: (text: string) => string;
  readonly bytes: (size: number) => string;
  readonly list: (items: readonly string[]) => string;
  /** With a capital where the script has them: a phrase that stands alone. */
  readonly alone: (phrase: string) => string;
}

const STORAGE_NAME = "anamnesis.language";
const I18nContext = createContext<I18n | undefined>(undefined);

export function useI18n(): I18n {
  const found = useContext(I18nContext);
  if (found === undefined) throw new Error("useI18n() wants an I18nProvider around");
  return found;
}

function makeI18n(language: Language, setLanguage: (language: Language) => void): I18n {
  const locale = locales[language];
  const words = texts[language];
  const format = messageFormat(locale);
  const t: I18n["t"] = (id, ...[parameters]) =>
    // A full-width bracket brings its own space.
    format(words[id], parameters ?? {}).replaceAll("） ", "）");
  const coded = (text: string): string => codeName(text, language);
  return {
    language,
    locale,
    coded,
    titled: (title, category) => {
      const id = `category.${category}`;
      if (!Object.hasOwn(words, id)) return title;
      const made = texts.en[id as TermId];
      if (title === made) return words[id as TermId];
      return title.startsWith(`${made}: `)
        ? t("app.titled", { kind: words[id as TermId], visit: coded(title.slice(made.length + 2)) })
        : coded(title);
    },
    setLanguage,
    t,
    term: (prefix, value) => {
      const id = `${prefix}.${value}`;
      return Object.hasOwn(words, id) ? t(id as TermId) : value;
    },
    day: (time) => formatDay(time, locale),
    moment: (time) => formatMoment(time, locale),
    time: (time) => formatTime(time, locale),
    fhirDate: (text) => formatFhirDate(text, locale),
    bytes: (size) => formatBytes(size, locale),
    alone: (phrase) => phrase.charAt(0).toLocaleUpperCase(locale) + phrase.slice(1),
    list: (items) => new Intl.ListFormat(locale, { type: "conjunction" }).format(items),
  };
}

export function I18nProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [language, choose] = useState<Language>(() =>
    chooseLanguage({
      search: location.search,
      stored: localStorage.getItem(STORAGE_NAME),
      browser: navigator.languages,
    }),
  );
  const setLanguage = useCallback((next: Language) => {
    localStorage.setItem(STORAGE_NAME, next);
    const url = new URL(location.href);
    url.searchParams.set("lang", next);
    history.replaceState(history.state, "", url);
    choose(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = locales[language];
  }, [language]);
  const i18n = useMemo(() => makeI18n(language, setLanguage), [language, setLanguage]);
  return <I18nContext value={i18n}>{children}</I18nContext>;
}
