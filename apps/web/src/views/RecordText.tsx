import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { scriptLanguage } from "../i18n/language.ts";

/** Words of a record, told apart from the page's language so that they are read aloud rightly. */
export function RecordText({ children }: { readonly children: string }): ReactNode {
  const { language } = useI18n();
  return <span lang={scriptLanguage(children, language)}>{children}</span>;
}

/** A narrative. @param html - Sanitised by `summarise`: basic formatting, no script, style, class or outside image. */
export function Narrative({ html }: { readonly html: string }): ReactNode {
  const { language } = useI18n();
  const lang = scriptLanguage(html.replaceAll(/<[^>]*>/g, ""), language);
  return <div className="narrative" lang={lang} dangerouslySetInnerHTML={{ __html: html }} />;
}
