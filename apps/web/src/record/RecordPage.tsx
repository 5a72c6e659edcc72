import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { faultOf } from "../views/fault.ts";
import { DisputeText } from "../views/DisputeText.tsx";
import { PageLink } from "../views/Navigation.tsx";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { scriptLanguage } from "../i18n/language.ts";
import { personLabel } from "../views/personName.ts";
import { saveFile } from "../views/saveFile.ts";
import { StateMark } from "../views/StateMark.tsx";
import { useWords } from "../views/useWords.ts";
import type { ShownRecord } from "../worker/port.ts";
import { ConfirmPart } from "./ConfirmPart.tsx";
import { ProofPart } from "./ProofPart.tsx";
import { SummaryView } from "./SummaryView.tsx";
import { useRecord } from "./useRecord.ts";

/** One record: what it says, who signed it, and what its reader may do. */
export function RecordPage(props: {
  readonly id: string;
  readonly reader: "patient" | "doctor";
}): ReactNode {
  const { id, reader } = props;
  const state = useRecord(reader, id);
  const { t } = useWords();
  switch (state.status) {
    case "opening":
      return (
        <Page key="opening" title={t("record.page")}>
          <LoadingPanel label={t("record.loading")} />
        </Page>
      );
    case "denied":
      return (
        <Page key="denied" title={t("denied.title")} name={t("record.page")}>
          <EmptyPanel title={t(faultOf(state.error.code))}>
            {reader === "doctor" ? (
              <PageLink to={{ page: "ask" }} className="link-button">
                {t("denied.ask")}
              </PageLink>
            ) : null}
          </EmptyPanel>
        </Page>
      );
    case "failed":
      return (
        <Page key="failed" title={t("record.page")}>
          <ErrorPanel error={state.error} onRetry={state.retry} />
        </Page>
      );
    case "open":
      return <OpenRecordView key="open" shown={state.shown} reader={reader} />;
  }
}

function OpenRecordView(props: {
  readonly shown: ShownRecord;
  readonly reader: "patient" | "doctor";
}): ReactNode {
  const { shown, reader } = props;
  const { record, version, summary } = shown;
  const { t, term, place, day, fhirDate, language } = useWords();
  const kind = term("category", record.category);
  const title = summary?.title ?? (shown.fileName === "" ? kind : shown.fileName);
  const date = summary?.date;
  return (
    <Page title={title} name={t("record.page")} lang={scriptLanguage(title, language)}>
      <p className="record-line">
        {[
          kind,
          place(record.institution),
          ...(date === undefined ? [] : [fhirDate(date)]),
          ...(record.patient === undefined ? [] : [personLabel(record.patient.name)]),
        ].join(" · ")}
      </p>
      <div className="signed">
        <StateMark state={version.state} reader={reader} />
        <DisputeText dispute={version.dispute} />
        <p>
          <SignedText author={version.author} since={day(version.time)} />
        </p>
        <p className="quiet">{t("record.checked")}</p>
        {record.versions.length > 1 ? (
          <p className="quiet">
            {t("record.version", { n: version.n, count: record.versions.length })}
          </p>
        ) : null}
      </div>
      <ContentView shown={shown} />
      {reader === "patient" ? <ConfirmPart shown={shown} /> : null}
      <section className="record-files">
        <DownloadPart shown={shown} />
        {reader === "patient" ? <ProofPart record={record.id} /> : null}
      </section>
      {reader === "doctor" ? <p className="note">{t("readable.opensLogged")}</p> : null}
    </Page>
  );
}

function SignedText(props: {
  readonly author: ShownRecord["version"]["author"];
  readonly since: string;
}): ReactNode {
  const { author, since } = props;
  const { t, place } = useWords();
  const name = author.name === "" ? t("log.unknownPerson") : personLabel(author.name);
  return author.institution === ""
    ? t("record.signedNoPlace", { name, date: since })
    : t("record.signed", { name, place: place(author.institution), date: since });
}

function ContentView({ shown }: { readonly shown: ShownRecord }): ReactNode {
  const { t } = useWords();
  const { summary, mediaType } = shown;
  if (summary !== undefined) return <SummaryView summary={summary} />;
  return <p className="panel-file">{fileText()}</p>;

  function fileText(): string {
    if (mediaType === "application/pdf") return t("record.pdf");
    if (mediaType.startsWith("image/")) return t("record.image");
    if (mediaType === "application/fhir+json") return t("record.unreadable");
    return mediaType === "" || mediaType === "application/octet-stream"
      ? t("record.unknownFile")
      : t("record.otherFile", { type: mediaType });
  }
}

function DownloadPart({ shown }: { readonly shown: ShownRecord }): ReactNode {
  const { t, bytes } = useWords();
  return (
    <div>
      <Button variant="default" onClick={() => saveFile(shown.content, shown.fileName)}>
        {t("record.download")}
      </Button>
      <p className="quiet">{t("record.downloadNote", { size: bytes(shown.content.size) })}</p>
    </div>
  );
}
