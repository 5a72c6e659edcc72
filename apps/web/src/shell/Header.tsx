import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { languageNames, languages, locales } from "../i18n/language.ts";
import { PageLink } from "../views/Navigation.tsx";
import { personLabel } from "../views/personName.ts";

/** The same on every page: name, help, language, person. */
export function Header(props: {
  readonly person?: { readonly name: string; readonly role: string; readonly institution: string };
  readonly onLeave: () => void;
}): ReactNode {
  const { person, onLeave } = props;
  const { t, term } = useI18n();
  return (
    <header className="header">
      <div className="header-line">
        <PageLink to={{ page: "home" }} className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          {t("app.name")}
        </PageLink>
        <div className="header-tools">
          <PageLink to={{ page: "help" }} className="header-link">
            {t("app.help")}
          </PageLink>
          <LanguageSwitch />
        </div>
      </div>
      <div className="header-person">
        <span className="badge-demo" title={t("app.demoNote")}>
          {t("app.demoShort")}
        </span>
        {person === undefined ? null : (
          <>
            <span className="header-name">
              <strong>{personLabel(person.name)}</strong>
              <span className="quiet">
                {term("role", person.role)} · {term("institution", person.institution)}
              </span>
            </span>
            <button type="button" className="header-link" onClick={onLeave}>
              {t("app.changePerson")}
            </button>
          </>
        )}
      </div>
    </header>
  );
}

/** One button for the other language, named in that language. */
function LanguageSwitch(): ReactNode {
  const { language, setLanguage } = useI18n();
  const other = languages.find((name) => name !== language) ?? language;
  return (
    <button
      type="button"
      className="language"
      lang={locales[other]}
      onClick={() => setLanguage(other)}
    >
      {languageNames[other]}
    </button>
  );
}
