import type { RecordSummary } from "@anamnesis/client";
import type { ReactNode } from "react";
import { useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import { RecordItem } from "../views/RecordItem.tsx";
import { useWords } from "../views/useWords.ts";
import { byPatient } from "./byPatient.ts";

/** What this doctor wrote. */
export function WrittenPage(): ReactNode {
  const written = useQuery("doctor.written", null);
  const { t } = useWords();
  return (
    <Page title={t("written.title")}>
      <WrittenView written={written} />
    </Page>
  );
}

function WrittenView({
  written,
}: {
  readonly written: Answer<readonly RecordSummary[]>;
}): ReactNode {
  const { t } = useWords();
  switch (written.status) {
    case "loading":
      return <LoadingPanel label={t("written.loading")} />;
    case "failed":
      return <ErrorPanel error={written.error} onRetry={written.retry} />;
    case "ready":
      if (written.value.length === 0)
        return <EmptyPanel title={t("written.empty")} text={t("written.emptyText")} />;
      return byPatient(written.value, []).map(({ patient, records }) => (
        <section key={patient.fingerprint} className="visit">
          <h2>{personLabel(patient.name)}</h2>
          <ul className="records">
            {records.map((record) => (
              <RecordItem key={record.id} record={record} reader="doctor" withPlace />
            ))}
          </ul>
        </section>
      ));
  }
}
