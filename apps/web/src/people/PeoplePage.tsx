import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import type { DemoPerson } from "../join/usePeople.ts";
import type { Answer } from "../join/answers.ts";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import type { PortError } from "../worker/connectPort.ts";

/** Chooses a demonstration person. */
export function PeoplePage(props: {
  readonly people: Answer<readonly DemoPerson[]>;
  readonly failure?: PortError;
  readonly onChoose: (name: string) => void;
}): ReactNode {
  const { people, failure, onChoose } = props;
  const { t } = useI18n();
  return (
    <Page title={t("people.title")} intro={t("people.intro")}>
      {failure === undefined ? null : <ErrorPanel error={failure} />}
      <Choice people={people} onChoose={onChoose} />
      <p className="note">{t("people.private")}</p>
    </Page>
  );
}

function Choice(props: {
  readonly people: Answer<readonly DemoPerson[]>;
  readonly onChoose: (name: string) => void;
}): ReactNode {
  const { people, onChoose } = props;
  const { t } = useI18n();
  switch (people.status) {
    case "loading":
      return <LoadingPanel label={t("app.loading").replace("…", "")} />;
    case "failed":
      return <ErrorPanel error={people.error} onRetry={people.retry} />;
    case "ready":
      if (people.value.length === 0)
        return <EmptyPanel title={t("people.empty")} text={t("people.emptyText")} />;
      return (
        <>
          <PeopleList
            title={t("people.patients")}
            people={people.value.filter(({ role }) => role === "patient")}
            onChoose={onChoose}
          />
          <PeopleList
            title={t("people.staff")}
            people={people.value.filter(({ role }) => role !== "patient")}
            onChoose={onChoose}
          />
        </>
      );
  }
}

function PeopleList(props: {
  readonly title: string;
  readonly people: readonly DemoPerson[];
  readonly onChoose: (name: string) => void;
}): ReactNode {
  const { title, people, onChoose } = props;
  const { t, term } = useI18n();
  if (people.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul className="people">
        {people.map(({ name, role, institution, besides }) => (
          <li key={name}>
            <button type="button" className="person" onClick={() => onChoose(name)}>
              <span className="person-initial" aria-hidden="true">
                {personLabel(name).split(" ").at(-1)?.charAt(0)}
              </span>
              <span>
                <span className="person-name">{personLabel(name)}</span>
                <span className="quiet">
                  {term("role", role)} · {term("institution", institution)}
                </span>
                {besides.map((also) => (
                  <span className="quiet" key={`${also.institution} ${also.role}`}>
                    {t("people.besides", {
                      role: term("role", also.role),
                      place: term("institution", also.institution),
                    })}
                  </span>
                ))}
              </span>
              <span className="badge-demo">{t("app.demo")}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
