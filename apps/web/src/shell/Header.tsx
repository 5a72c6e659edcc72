import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { languageNames, languages, locales } from "../i18n/language.ts";
import { PageLink } from "../views/Navigation.tsx";
import { usePlace } from "../views/usePlace.ts";
import { personLabel } from "../views/personName.ts";

/** The same on every page: name, help, language, person. */
export function Header(props: {
  readonly person?: { readonly name: string; readonly role: string; readonly institution: string };
  readonly onLeave: () => void;
}): ReactNode {
  const { person, onLeave } = props;
  const { t, term } = useI18n();
  const place = usePlace();
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
          <ThemeSwitch />
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
                {term("role", person.role)} · {place(person.institution)}
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

/** One button for the other theme; until it is pressed, the theme is the browser's. */
function ThemeSwitch(): ReactNode {
  const { t } = useI18n();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "light" ? "dark" : "light";
  const label = t(other === "dark" ? "app.darker" : "app.lighter");
  return (
    <button
      type="button"
      className="language"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(other)}
    >
      <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" strokeWidth="1.6" />
        <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
      </svg>
    </button>
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
