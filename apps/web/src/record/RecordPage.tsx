import { Button } from "@mantine/core";
import { useCallback, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useMutation } from "../join/answers.ts";
import { useSession } from "../join/SessionProvider.tsx";
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
import { FilePreview, hasPreview } from "./FilePreview.tsx";
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
  const { t, term, place, day, fhirDate, language, titled } = useWords();
  const kind = term("category", record.category);
  const title =
    summary === undefined
      ? shown.fileName === ""
        ? kind
        : shown.fileName
      : titled(summary.title, record.category);
  const date = summary?.date;
  const [seen, setSeen] = useState<string>();
  const onShown = useCallback(() => setSeen(version.digest), [version.digest]);
  const signed = useRef<HTMLDivElement>(null);
  const isSeen = summary !== undefined || seen === version.digest;
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
      <div className="signed" ref={signed} tabIndex={-1}>
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
      <ContentView shown={shown} onShown={onShown} />
      {reader === "patient" ? (
        <ConfirmPart shown={shown} isSeen={isSeen} onAnswered={() => signed.current?.focus()} />
      ) : null}
      <section className="record-files">
        {reader === "patient" ? (
          <DownloadPart shown={shown} onSaved={onShown} />
        ) : (
          <CopyPart shown={shown} />
        )}
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

function ContentView(props: {
  readonly shown: ShownRecord;
  readonly onShown: () => void;
}): ReactNode {
  const { shown, onShown } = props;
  const { t } = useWords();
  const { summary, mediaType, content } = shown;
  if (summary !== undefined) return <SummaryView summary={summary} />;
  if (content !== undefined && hasPreview(mediaType))
    return (
      <FilePreview
        key={shown.version.digest}
        content={content}
        mediaType={mediaType}
        onShown={onShown}
      />
    );
  return <p className="panel-file">{fileText()}</p>;

  function fileText(): string {
    if (mediaType === "application/fhir+json") return t("record.unreadable");
    return mediaType === "" || mediaType === "application/octet-stream"
      ? t("record.unknownFile")
      : t("record.otherFile", { type: mediaType });
  }
}

function DownloadPart(props: {
  readonly shown: ShownRecord;
  readonly onSaved: () => void;
}): ReactNode {
  const { onSaved } = props;
  const { content, fileName } = props.shown;
  const { t, bytes } = useWords();
  if (content === undefined) return null;
  const save = (): void => {
    saveFile(content, fileName);
    onSaved();
  };
  return (
    <div>
      <Button variant="default" onClick={save}>
        {t("record.download")}
      </Button>
      <p className="quiet">{t("record.downloadNote", { size: bytes(content.size) })}</p>
    </div>
  );
}

/** Only where the patient allowed it by name: to save opens once more, as a copy, and the patient sees that. */
function CopyPart({ shown }: { readonly shown: ShownRecord }): ReactNode {
  const { t } = useWords();
  const { announce } = useSession();
  const { mutation, run } = useMutation({ changes: false });
  const { record, version, fileName, canCopy } = shown;
  if (!canCopy) return <p className="note">{t("record.copyNote")}</p>;
  return (
    <div>
      <Button
        variant="default"
        loading={mutation.status === "busy"}
        loaderProps={{ "aria-label": t("app.loading") }}
        onClick={() =>
          run("doctor.copy", { id: record.id, version: version.n }, (file) => {
            saveFile(file, fileName);
            announce(t("record.copied"));
          })
        }
      >
        {t("record.copy")}
      </Button>
      <p className="quiet">{t("record.copySeen")}</p>
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
    </div>
  );
}
