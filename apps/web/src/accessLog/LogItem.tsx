import type { LogEntry } from "@anamnesis/client";
import type { ReactNode } from "react";
import { useMutation } from "../join/answers.ts";
import { denialOf } from "../views/fault.ts";
import { PageLink } from "../views/Navigation.tsx";
import { ErrorPanel } from "../views/Panels.tsx";
import { RecordText } from "../views/RecordText.tsx";
import { saveFile } from "../views/saveFile.ts";
import { useWords } from "../views/useWords.ts";
import type { Words } from "../views/useWords.ts";
import type { ListedRecord } from "../worker/port.ts";

type Known = ReadonlyMap<string, ListedRecord>;

/** One entry: when, what happened as a sentence, which records, why it was allowed. */
export function LogItem(props: { readonly entry: LogEntry; readonly records: Known }): ReactNode {
  const { entry, records } = props;
  const words = useWords();
  const { t, moment } = words;
  return (
    <li className={`log-item log-${entry.what}`}>
      <p className="quiet">
        <time dateTime={new Date(entry.time).toISOString()}>{moment(entry.time)}</time>
      </p>
      <p className="log-sentence">{sentenceOf(entry, words)}</p>
      {entry.what === "opened" && entry.action !== undefined ? (
        <p className="quiet">{t("log.openedTo", { action: words.actions([entry.action]) })}</p>
      ) : null}
      {entry.what === "opened" && entry.records.length === 0 ? (
        <p className="quiet">{t("log.openedUnknown")}</p>
      ) : null}
      <Records ids={recordsOf(entry)} known={records} />
      <Why entry={entry} />
    </li>
  );
}

function sentenceOf(entry: LogEntry, words: Words): string {
  const { t, who, scope, purposes, day, guard } = words;
  const name = who(entry.who);
  switch (entry.what) {
    case "asked":
      return t("log.asked", {
        who: name,
        what: scope(entry),
        purpose: purposes(entry.purposes),
      });
    case "refused":
      return t("log.refused", { who: name });
    case "granted":
      return t("log.granted", {
        who: name,
        what: scope(entry),
        until: day(entry.until),
        purpose: purposes(entry.purposes),
      });
    case "revoked":
      return t("log.revoked", { who: name });
    case "opened":
      return t("log.opened", {
        who: name,
        count: entry.records.length,
        purpose: purposes(entry.purposes),
      });
    case "denied":
      return t(entry.checked ? "log.denied" : "log.deniedSaid", {
        who: name,
        by: guard(entry.proxy),
        reason: t(denialOf(entry.code)),
      });
    case "reread":
      return t("log.reread", { who: name });
    case "lookedUp":
      return t("log.lookedUp", { who: name });
  }
}

function recordsOf(entry: LogEntry): readonly string[] {
  if (entry.what === "opened") return entry.records;
  return entry.what === "reread" ? [entry.record] : [];
}

function Records(props: { readonly ids: readonly string[]; readonly known: Known }): ReactNode {
  const { ids, known } = props;
  if (ids.length === 0) return null;
  return (
    <ul className="log-records">
      {ids.map((id) => (
        <li key={id}>
          <LogRecord id={id} record={known.get(id)} />
        </li>
      ))}
    </ul>
  );
}

function LogRecord(props: {
  readonly id: string;
  readonly record: ListedRecord | undefined;
}): ReactNode {
  const { id, record } = props;
  const { t, term, titled } = useWords();
  const { mutation, run } = useMutation({ changes: false });
  const title =
    record === undefined
      ? t("log.record")
      : record.title === undefined
        ? term("category", record.category)
        : titled(record.title, record.category);
  return (
    <>
      <PageLink to={{ page: "record", id }} className="text-link">
        <RecordText>{title}</RecordText>
      </PageLink>
      <button
        type="button"
        className="text-link"
        aria-label={t("log.proofOf", { record: title })}
        disabled={mutation.status === "busy"}
        onClick={() =>
          run("patient.proof", { record: id }, (file) => saveFile(file, `${id.slice(0, 12)}.proof`))
        }
      >
        {t("log.proof")}
      </button>
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
    </>
  );
}

/** The grant or request that explains an entry. */
function Why({ entry }: { readonly entry: LogEntry }): ReactNode {
  const { t } = useWords();
  switch (entry.what) {
    case "opened":
    case "granted":
    case "revoked":
    case "denied":
      return (
        <PageLink to={{ page: "sharing", gid: entry.gid }} className="text-link">
          {t(entry.what === "opened" ? "log.why" : "requests.seeSharing")}
        </PageLink>
      );
    case "asked":
    case "refused":
      return (
        <PageLink to={{ page: "requests", id: entry.request }} className="text-link">
          {t("log.whyRequest")}
        </PageLink>
      );
    case "reread":
    case "lookedUp":
      return null;
  }
}
