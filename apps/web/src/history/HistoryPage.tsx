import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useMutation, useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { saveFile } from "../views/saveFile.ts";
import { useWords } from "../views/useWords.ts";
import type { ShownHistory } from "../worker/port.ts";
import { topicsInOrder } from "./factGroups.ts";
import { TopicSection } from "./TopicSection.tsx";

/** A patient's own history out of all their records. */
export function OwnHistoryPage(): ReactNode {
  const history = useQuery("patient.history", null);
  const { t } = useWords();
  return (
    <Page title={t("history.title")} intro={t("history.intro")}>
      <HistoryView history={history} actions={<SaveSummary />} />
    </Page>
  );
}

/** What a doctor may read of a patient, as one. It opens every record, which the patient sees: so it is asked for once. */
export function PatientHistoryPage({ patient }: { readonly patient: string }): ReactNode {
  const history = useQuery("doctor.history", { patient }, { isOnce: true });
  const { t } = useWords();
  return (
    <Page title={t("history.title")} intro={t("history.introDoctor")}>
      <HistoryView history={history} />
    </Page>
  );
}

function HistoryView(props: {
  readonly history: Answer<ShownHistory>;
  readonly actions?: ReactNode;
}): ReactNode {
  const { history, actions } = props;
  const { t } = useWords();
  switch (history.status) {
    case "loading":
      return <LoadingPanel label={t("history.loading")} />;
    case "failed":
      return <ErrorPanel error={history.error} onRetry={history.retry} />;
    case "ready":
      return history.value.history.records === 0 ? (
        <EmptyPanel title={t("history.empty")} text={t("history.more")} />
      ) : (
        <Told shown={history.value} actions={actions} />
      );
  }
}

function Told(props: { readonly shown: ShownHistory; readonly actions?: ReactNode }): ReactNode {
  const { shown, actions } = props;
  const { history, failed } = shown;
  const { t, list, place } = useWords();
  const { enteredInError, superseded } = history.suppressed;
  return (
    <>
      <p>
        {t("history.outOf", {
          count: history.records,
          places: list(history.institutions.map(place)),
        })}
      </p>
      <p className="note">{t("history.more")}</p>
      {failed === 0 ? null : <p className="note">{t("history.failed", { count: failed })}</p>}
      {actions}
      {topicsInOrder.map((topic) => (
        <TopicSection key={topic} topic={topic} facts={history.facts[topic]} shown={shown} />
      ))}
      {history.notRead.length === 0 ? null : (
        <p className="quiet">{t("history.notRead", { count: history.notRead.length })}</p>
      )}
      {enteredInError + superseded === 0 ? null : (
        <p className="quiet">
          {t("history.leftOut", { wrong: enteredInError, changed: superseded })}
        </p>
      )}
    </>
  );
}

function SaveSummary(): ReactNode {
  const { mutation, run } = useMutation({ changes: false });
  const { t } = useWords();
  return (
    <div>
      <Button
        variant="default"
        loading={mutation.status === "busy"}
        onClick={() =>
          run("patient.summary", null, (file) => saveFile(file, "patient-summary.json"))
        }
      >
        {t("history.save")}
      </Button>
      <p className="quiet">{t("history.saveNote")}</p>
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
    </div>
  );
}
