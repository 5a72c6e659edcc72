import type { LogEntry } from "@anamnesis/client";
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ReactNode } from "react";
import { useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { useFilter } from "../shell/useFilter.ts";
import { FilterSelect } from "../views/FilterSelect.tsx";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { useWords } from "../views/useWords.ts";
import type { ListedRecord } from "../worker/port.ts";
import { LogItem } from "./LogItem.tsx";
import { filterLog, logGroups } from "./logFilter.ts";
import type { LogFilter, LogGroup } from "./logFilter.ts";

type AccessLog =
  | Exclude<Answer<readonly LogEntry[]>, { status: "ready" }>
  | { readonly status: "empty" }
  | {
      readonly status: "ready";
      readonly log: readonly LogEntry[];
      /** By id; those that are not known (yet) are shown without a title. */
      readonly records: ReadonlyMap<string, ListedRecord>;
    };

function useAccessLog(): AccessLog {
  const log = useQuery("patient.log", null);
  const records = useQuery("patient.records", null);
  if (log.status !== "ready") return log;
  if (log.value.length === 0) return { status: "empty" };
  const known = records.status === "ready" ? records.value : [];
  return {
    status: "ready",
    log: log.value.toSorted((a, b) => b.time - a.time),
    records: new Map(known.map((record) => [record.id, record])),
  };
}

/** Who asked, was allowed and opened, as sentences. */
export function AccessLogPage(): ReactNode {
  const log = useAccessLog();
  const { t } = useWords();
  return (
    <Page title={t("log.title")} intro={t("log.intro")}>
      <AccessLogView log={log} />
    </Page>
  );
}

function AccessLogView({ log }: { readonly log: AccessLog }): ReactNode {
  const { t } = useWords();
  switch (log.status) {
    case "loading":
      return <LoadingPanel label={t("log.loading")} />;
    case "failed":
      return <ErrorPanel error={log.error} onRetry={log.retry} />;
    case "empty":
      return <EmptyPanel title={t("log.empty")} text={t("log.emptyText")} />;
    case "ready":
      return <Entries log={log.log} records={log.records} />;
  }
}

const noFilter: LogFilter = { group: "", who: "" };
const ENTRIES_A_STEP = 50;
const groupLabels = {
  opened: "log.whatOpened",
  asked: "log.whatAsked",
  decided: "log.whatDecided",
  denied: "log.whatDenied",
} as const satisfies Record<LogGroup, string>;

function Entries(props: {
  readonly log: readonly LogEntry[];
  readonly records: ReadonlyMap<string, ListedRecord>;
}): ReactNode {
  const { log, records } = props;
  const { t, who } = useWords();
  const [filter, setFilter] = useFilter(noFilter);
  const [shown, setShown] = useState(ENTRIES_A_STEP);
  const fitting = filterLog(log, filter);
  const people = new Map(log.map((entry) => [entry.who.fingerprint, who(entry.who)]));
  return (
    <>
      <div className="filters">
        <FilterSelect
          label={t("log.filterWhat")}
          all={t("log.allWhat")}
          value={filter.group}
          options={logGroups.map((value) => ({ value, label: t(groupLabels[value]) }))}
          onChange={(group) => setFilter({ ...filter, group })}
        />
        <FilterSelect
          label={t("log.filterWho")}
          all={t("log.allWho")}
          value={filter.who}
          options={[...people].map(([value, label]) => ({ value, label }))}
          onChange={(chosen) => setFilter({ ...filter, who: chosen })}
        />
      </div>
      {fitting.length === 0 ? (
        <EmptyPanel title={t("log.none")}>
          <Button variant="default" onClick={() => setFilter(noFilter)}>
            {t("log.clear")}
          </Button>
        </EmptyPanel>
      ) : null}
      <ol className="log">
        {fitting.slice(0, shown).map((entry, at) => (
          <LogItem key={`${entry.time} ${entry.what} ${at}`} entry={entry} records={records} />
        ))}
      </ol>
      {fitting.length > shown ? (
        <Button variant="default" onClick={() => setShown(shown + ENTRIES_A_STEP)}>
          {t("timeline.more")}
        </Button>
      ) : null}
    </>
  );
}
