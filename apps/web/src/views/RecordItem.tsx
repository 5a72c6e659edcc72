import type { ReactNode } from "react";
import type { Fact, ListedRecord } from "../worker/port.ts";
import { DisputeText } from "./DisputeText.tsx";
import { PageLink } from "./Navigation.tsx";
import { personLabel } from "./personName.ts";
import { flagWords } from "./flagWords.ts";
import { RecordText } from "./RecordText.tsx";
import { StateMark } from "./StateMark.tsx";
import { useWords } from "./useWords.ts";

/** One record in a list: the whole line is its link. */
export function RecordItem(props: {
  readonly record: ListedRecord;
  readonly reader: "patient" | "doctor";
  readonly withPlace?: boolean;
}): ReactNode {
  const { record, reader, withPlace = false } = props;
  const { t, term, place, day, fhirDate, titled } = useWords();
  const kind = term("category", record.category);
  const title = record.title === undefined ? kind : titled(record.title, record.category);
  const isKindSaid = title.startsWith(kind);
  const date =
    record.date === undefined
      ? t("timeline.added", { date: day(record.time) })
      : fhirDate(record.date);
  return (
    <li className="record-item">
      <PageLink to={{ page: "record", id: record.id }} className="record-link">
        <span className="record-title">
          <RecordText>{title}</RecordText>
        </span>
        <span className="quiet">
          {[
            ...(isKindSaid ? [] : [kind]),
            ...(withPlace ? [place(record.institution)] : []),
            ...(record.author.name === "" ? [] : [personLabel(record.author.name)]),
            ...(withPlace || record.date === undefined ? [date] : []),
            ...(record.versions.length > 1
              ? [t("timeline.versions", { count: record.versions.length })]
              : []),
          ].join(" · ")}
        </span>
        {record.fact === undefined ? null : <FactLine fact={record.fact} />}
        <StateMark state={record.state} reader={reader} />
        <DisputeText dispute={record.versions.at(-1)?.dispute} />
        {record.broken === undefined ? null : (
          <span className="mark mark-broken">
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
              <path d="M3 3l10 10M13 3L3 13" stroke="currentColor" strokeWidth="2.4" />
            </svg>
            {t("timeline.broken")}
          </span>
        )}
      </PageLink>
    </li>
  );
}

/** The one line that says most of a record. */
function FactLine({ fact }: { readonly fact: Fact }): ReactNode {
  const { t, coded } = useWords();
  const value = [coded(fact.value), fact.unit ?? ""].filter((part) => part !== "").join(" ");
  const { sign, text } = flagWords(fact.flag, t);
  return (
    <span className="record-fact">
      <RecordText>{coded(fact.label)}</RecordText>
      {value === "" ? null : <> {value}</>}
      {text === "" ? null : (
        <>
          {" "}
          <span aria-hidden="true">{sign}</span> {text}
        </>
      )}
    </span>
  );
}
