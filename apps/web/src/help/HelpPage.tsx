import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { Page } from "../views/Page.tsx";

const topics = ["records", "requests", "stop", "log", "private", "demo"] as const;

/** Short answers, the same for everyone. */
export function HelpPage(): ReactNode {
  const { t } = useI18n();
  return (
    <Page title={t("help.title")}>
      {topics.map((topic) => (
        <section key={topic}>
          <h2>{t(`help.${topic}`)}</h2>
          <p>{t(`help.${topic}Text`)}</p>
        </section>
      ))}
    </Page>
  );
}
