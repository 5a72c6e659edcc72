import type { GrantSummary, RecordSummary } from "@anamnesis/client";
import type { ReactNode } from "react";
import { useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { useFilter } from "../shell/useFilter.ts";
import { FilterSelect } from "../views/FilterSelect.tsx";
import { PageLink } from "../views/Navigation.tsx";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import { RecordItem } from "../views/RecordItem.tsx";
import { useWords } from "../views/useWords.ts";
import { byPatient } from "./byPatient.ts";
import type { PatientRecords } from "./byPatient.ts";

type Readable =
  | Exclude<Answer<readonly RecordSummary[]>, { status: "ready" }>
  | { readonly status: "empty" }
  | {
      readonly status: "ready";
      readonly records: readonly RecordSummary[];
      readonly patients: readonly PatientRecords[];
    };

function useReadable(): Readable {
  const records = useQuery("doctor.readable", null);
  const grants = useQuery("doctor.grants", null);
  if (records.status !== "ready") return records;
  if (records.value.length === 0) return { status: "empty" };
  const live: readonly GrantSummary[] = grants.status === "ready" ? grants.value : [];
  return {
    status: "ready",
    records: records.value,
    patients: byPatient(records.value, live),
  };
}

/** What patients let this doctor read now. */
export function ReadablePage(): ReactNode {
  const readable = useReadable();
  const { t } = useWords();
  return (
    <Page title={t("readable.title")} intro={t("readable.intro")}>
      <ReadableView readable={readable} />
    </Page>
  );
}

function ReadableView({ readable }: { readonly readable: Readable }): ReactNode {
  const { t } = useWords();
  switch (readable.status) {
    case "loading":
      return <LoadingPanel label={t("readable.loading")} />;
    case "failed":
      return <ErrorPanel error={readable.error} onRetry={readable.retry} />;
    case "empty":
      return (
        <EmptyPanel title={t("readable.empty")} text={t("readable.emptyText")}>
          <PageLink to={{ page: "ask" }} className="link-button">
            {t("ask.title")}
          </PageLink>
        </EmptyPanel>
      );
    case "ready":
      return <Patients patients={readable.patients} records={readable.records} />;
  }
}

const noFilter: Readonly<Record<"patient" | "category" | "institution", string>> = {
  patient: "",
  category: "",
  institution: "",
};

function Patients(props: {
  readonly patients: readonly PatientRecords[];
  readonly records: readonly RecordSummary[];
}): ReactNode {
  const { patients, records } = props;
  const { t, term, place } = useWords();
  const [filter, setFilter] = useFilter(noFilter);
  const distinct = (values: readonly string[]): string[] => [...new Set(values)];
  const shown = patients
    .filter(({ patient }) => filter.patient === "" || patient.fingerprint === filter.patient)
    .map((of) => ({
      ...of,
      records: of.records.filter(
        ({ category, institution }) =>
          (filter.category === "" || category === filter.category) &&
          (filter.institution === "" || institution === filter.institution),
      ),
    }))
    .filter((of) => of.records.length > 0);
  const count = shown.reduce((sum, of) => sum + of.records.length, 0);
  return (
    <>
      <p className="note">{t("readable.opensLogged")}</p>
      <div className="filters">
        <FilterSelect
          label={t("readable.filterPatient")}
          all={t("readable.allPatients")}
          value={filter.patient}
          options={patients.map(({ patient }) => ({
            value: patient.fingerprint,
            label: personLabel(patient.name),
          }))}
          onChange={(patient) => setFilter({ ...filter, patient })}
        />
        <FilterSelect
          label={t("timeline.filterCategory")}
          all={t("timeline.allCategories")}
          value={filter.category}
          options={distinct(records.map(({ category }) => category)).map((value) => ({
            value,
            label: term("category", value),
          }))}
          onChange={(category) => setFilter({ ...filter, category })}
        />
        <FilterSelect
          label={t("timeline.filterPlace")}
          all={t("timeline.allPlaces")}
          value={filter.institution}
          options={distinct(records.map(({ institution }) => institution)).map((value) => ({
            value,
            label: place(value),
          }))}
          onChange={(institution) => setFilter({ ...filter, institution })}
        />
      </div>
      <output className="quiet">{t("timeline.shown", { count })}</output>
      {shown.map((of) => (
        <PatientSection key={of.patient.fingerprint} of={of} />
      ))}
    </>
  );
}

function PatientSection({ of }: { readonly of: PatientRecords }): ReactNode {
  const { t, day, purposes } = useWords();
  return (
    <section className="visit">
      <h2>{personLabel(of.patient.name)}</h2>
      <p>
        <PageLink to={{ page: "history", patient: of.patient.fingerprint }} className="text-link">
          {t("history.linkOf", { name: personLabel(of.patient.name) })}
        </PageLink>
      </p>
      {of.until === undefined ? null : (
        <p className="quiet">
          {t("readable.purpose", { purpose: purposes(of.purposes) })} ·{" "}
          {t("readable.until", { date: day(of.until) })}
        </p>
      )}
      <ul className="records">
        {of.records.map((record) => (
          <RecordItem key={record.id} record={record} reader="doctor" withPlace />
        ))}
      </ul>
    </section>
  );
}
