import type { Summary, SummaryRow, SummarySection } from "@anamnesis/fhir/summary";
import type { ReactNode } from "react";
import { Flag } from "../views/Flag.tsx";
import { personLabel } from "../views/personName.ts";
import { Narrative, RecordText } from "../views/RecordText.tsx";
import { useWords } from "../views/useWords.ts";

/** What a record says, in its own words: rows by heading, then its texts in full. */
export function SummaryView({ summary }: { readonly summary: Summary }): ReactNode {
  const { t, term, fhirDate } = useWords();
  const { patient } = summary;
  const own = summary.sections.filter(({ related }) => related !== true);
  const related = summary.sections.filter((section) => section.related === true);
  return (
    <>
      {patient === undefined ? null : (
        <p className="record-about">
          {t("record.about")}{" "}
          <strong>
            <RecordText>{personLabel(patient.name ?? "")}</RecordText>
          </strong>
          {[
            ...(patient.birthDate === undefined
              ? []
              : [t("record.birth", { date: fhirDate(patient.birthDate) })]),
            ...(patient.sex === undefined ? [] : [term("sex", patient.sex)]),
          ].map((part) => ` · ${part}`)}
        </p>
      )}
      {own.map((section, at) => (
        <SectionView key={`${section.heading} ${at}`} section={section} />
      ))}
      {related.length === 0 ? null : (
        <section className="related">
          <h2>{t("record.related")}</h2>
          <p className="quiet">{t("record.relatedNote")}</p>
          {related.map((section, at) => (
            <SectionView key={`${section.heading} ${at}`} section={section} level={3} />
          ))}
        </section>
      )}
    </>
  );
}

function SectionView(props: {
  readonly section: SummarySection;
  readonly level?: 2 | 3;
}): ReactNode {
  const { section, level = 2 } = props;
  const { term } = useWords();
  const Heading = level === 2 ? "h2" : "h3";
  return (
    <section className="summary-section">
      <Heading>
        {section.title === undefined ? (
          term("heading", section.heading)
        ) : (
          <RecordText>{section.title}</RecordText>
        )}
      </Heading>
      {section.rows.length === 0 ? null : <Rows rows={section.rows} name={section.heading} />}
      {section.text === undefined ? null : <Narrative html={section.text} />}
    </section>
  );
}

/** Rows with numbers become a table, others a list. */
function Rows(props: { readonly rows: readonly SummaryRow[]; readonly name: string }): ReactNode {
  const { rows, name } = props;
  const isTable = rows.some(({ unit, reference, flag }) => unit ?? reference ?? flag);
  return isTable ? <RowTable rows={rows} name={name} /> : <RowList rows={rows} />;
}

function RowList({ rows }: { readonly rows: readonly SummaryRow[] }): ReactNode {
  const { fhirDate, coded } = useWords();
  return (
    <ul className="summary-rows">
      {rows.map((row, at) => (
        <li key={at}>
          <RecordText>{coded(row.label)}</RecordText>
          {row.value === "" || row.value === row.label ? null : (
            <>
              {": "}
              <RecordText>{coded(row.value)}</RecordText>
            </>
          )}
          {row.date === undefined ? null : <span className="quiet"> · {fhirDate(row.date)}</span>}
        </li>
      ))}
    </ul>
  );
}

function RowTable(props: {
  readonly rows: readonly SummaryRow[];
  readonly name: string;
}): ReactNode {
  const { rows, name } = props;
  const { t, term, fhirDate, coded } = useWords();
  const withRange = rows.some(({ reference }) => reference !== undefined);
  const dates = new Set(rows.map(({ date }) => date?.slice(0, 10)));
  const withDate = dates.size > 1;
  return (
    <table className="summary-table">
      <caption className="visually-hidden">{term("heading", name)}</caption>
      <thead>
        <tr>
          <th scope="col">{t("record.what")}</th>
          <th scope="col">{t("record.value")}</th>
          {withRange ? <th scope="col">{t("record.range")}</th> : null}
          {withDate ? <th scope="col">{t("record.date")}</th> : null}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={at}>
            <th scope="row">
              <RecordText>{row.label}</RecordText>
            </th>
            <td>
              {coded(row.value)} {row.unit}
              <Flag flag={row.flag} />
            </td>
            {withRange ? <td>{row.reference}</td> : null}
            {withDate ? <td>{row.date === undefined ? "" : fhirDate(row.date)}</td> : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
