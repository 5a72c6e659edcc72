import { Button } from "@mantine/core";
import { useState } from "react";
import type { ReactNode } from "react";
import { useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { useFilter } from "../shell/useFilter.ts";
import { FilterSelect } from "../views/FilterSelect.tsx";
import { PageLink } from "../views/Navigation.tsx";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { RecordItem } from "../views/RecordItem.tsx";
import { useWords } from "../views/useWords.ts";
import type { ListedRecord } from "../worker/port.ts";
import { distinct, filterRecords, groupByVisit, noFilter } from "./visits.ts";
import type { RecordFilter, Visit } from "./visits.ts";

type Timeline =
  | Exclude<Answer<readonly ListedRecord[]>, { status: "ready" }>
  | { readonly status: "empty" }
  | {
      readonly status: "ready";
      readonly records: readonly ListedRecord[];
      readonly requests: number;
      /** Where it is what this device showed before, and news are asked for: when that was. */
      readonly since?: number;
    };

function useTimeline(): Timeline {
  const records = useQuery("patient.records", null);
  const requests = useQuery("patient.requests", null);
  const kept = useQuery("patient.kept", null, { isOnce: true });
  if (records.status !== "ready") {
    const before = kept.status === "ready" ? kept.value : null;
    return before === null
      ? records
      : { status: "ready", records: before.records, requests: 0, since: before.time };
  }
  const open =
    requests.status === "ready" ? requests.value.filter(({ state }) => state === "open") : [];
  if (records.value.length === 0 && open.length === 0) return { status: "empty" };
  return { status: "ready", records: records.value, requests: open.length };
}

/** A patient's records of all institutions, by visit. */
export function TimelinePage(): ReactNode {
  const timeline = useTimeline();
  const { t } = useWords();
  return (
    <Page title={t("timeline.title")}>
      <TimelineView timeline={timeline} />
    </Page>
  );
}

function TimelineView({ timeline }: { readonly timeline: Timeline }): ReactNode {
  const { t, moment } = useWords();
  switch (timeline.status) {
    case "loading":
      return <LoadingPanel label={t("timeline.loading")} />;
    case "failed":
      return <ErrorPanel error={timeline.error} onRetry={timeline.retry} />;
    case "empty":
      return <EmptyPanel title={t("timeline.empty")} text={t("timeline.emptyText")} />;
    case "ready":
      return (
        <>
          {timeline.since === undefined ? null : (
            <output className="note">{t("timeline.kept", { date: moment(timeline.since) })}</output>
          )}
          <Records records={timeline.records} requests={timeline.requests} />
        </>
      );
  }
}

const VISITS_A_STEP = 20;

function Records(props: {
  readonly records: readonly ListedRecord[];
  readonly requests: number;
}): ReactNode {
  const { records, requests } = props;
  const { t } = useWords();
  const [filter, setFilter] = useFilter<RecordFilter>(noFilter);
  const [shown, setShown] = useState(VISITS_A_STEP);
  const fitting = filterRecords(records, filter);
  const visits = groupByVisit(fitting);
  return (
    <>
      <ToDo
        requests={requests}
        unread={records.filter(({ state }) => state === "unconfirmed").length}
        onShowUnread={() => setFilter({ ...noFilter, state: "unconfirmed" })}
      />
      {records.length === 0 ? null : (
        <p>
          <PageLink to={{ page: "history" }} className="text-link">
            {t("history.link")}
          </PageLink>
        </p>
      )}
      <Filters records={records} filter={filter} onChange={setFilter} />
      <output className="quiet">{t("timeline.shown", { count: fitting.length })}</output>
      {visits.length === 0 ? (
        <EmptyPanel title={t("timeline.none")}>
          <Button variant="default" onClick={() => setFilter(noFilter)}>
            {t("timeline.clear")}
          </Button>
        </EmptyPanel>
      ) : null}
      {visits.slice(0, shown).map((visit) => (
        <VisitSection key={visit.pid} visit={visit} />
      ))}
      {visits.length > shown ? (
        <Button variant="default" onClick={() => setShown(shown + VISITS_A_STEP)}>
          {t("timeline.more")}
        </Button>
      ) : null}
    </>
  );
}

function ToDo(props: {
  readonly requests: number;
  readonly unread: number;
  readonly onShowUnread: () => void;
}): ReactNode {
  const { requests, unread, onShowUnread } = props;
  const { t } = useWords();
  if (requests === 0 && unread === 0) return null;
  return (
    <section className="to-do">
      <h2>{t("timeline.toDo")}</h2>
      <ul>
        {requests === 0 ? null : (
          <li>
            <PageLink to={{ page: "requests" }} className="to-do-item">
              {t("timeline.toDoRequests", { count: requests })}
            </PageLink>
          </li>
        )}
        {unread === 0 ? null : (
          <li>
            <button type="button" className="to-do-item" onClick={onShowUnread}>
              {t("timeline.toDoConfirm", { count: unread })}
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}

function Filters(props: {
  readonly records: readonly ListedRecord[];
  readonly filter: RecordFilter;
  readonly onChange: (filter: RecordFilter) => void;
}): ReactNode {
  const { records, filter, onChange } = props;
  const { t, term, place } = useWords();
  const categories = distinct(records.map(({ category }) => category));
  const institutions = distinct(records.map(({ institution }) => institution));
  return (
    <div className="filters">
      <FilterSelect
        label={t("timeline.filterCategory")}
        all={t("timeline.allCategories")}
        value={filter.category}
        options={categories.map((value) => ({ value, label: term("category", value) }))}
        onChange={(category) => onChange({ ...filter, category })}
      />
      <FilterSelect
        label={t("timeline.filterPlace")}
        all={t("timeline.allPlaces")}
        value={filter.institution}
        options={institutions.map((value) => ({ value, label: place(value) }))}
        onChange={(institution) => onChange({ ...filter, institution })}
      />
      <FilterSelect
        label={t("timeline.filterState")}
        all={t("timeline.allStates")}
        value={filter.state}
        options={(["confirmed", "unconfirmed", "disputed"] as const).map((value) => ({
          value,
          label: t(`state.${value}`),
        }))}
        onChange={(state) => onChange({ ...filter, state })}
      />
    </div>
  );
}

function VisitSection({ visit }: { readonly visit: Visit }): ReactNode {
  const { t, place, day, fhirDate } = useWords();
  const date = visit.date === undefined ? day(visit.added) : fhirDate(visit.date);
  return (
    <section className="visit">
      <h2>{t("timeline.visit", { place: place(visit.institution), date })}</h2>
      <ul className="records">
        {visit.records.map((record) => (
          <RecordItem key={record.id} record={record} reader="patient" />
        ))}
      </ul>
    </section>
  );
}
