import type { ToldFact, Topic } from "@anamnesis/fhir/history";
import type { ReactNode } from "react";
import { Flag } from "../views/Flag.tsx";
import { PageLink } from "../views/Navigation.tsx";
import { RecordText } from "../views/RecordText.tsx";
import { useWords } from "../views/useWords.ts";
import type { ShownHistory } from "../worker/port.ts";
import { groupFacts } from "./factGroups.ts";
import type { FactGroup } from "./factGroups.ts";

/** Longer lists show so many, and the rest when asked. */
const SHOWN = 12;

/** What the records say of one matter: what is so, then what was. */
export function TopicSection(props: {
  readonly topic: Topic;
  readonly facts: readonly ToldFact[];
  readonly shown: ShownHistory;
}): ReactNode {
  const { topic, facts, shown } = props;
  const { t, term } = useWords();
  const title = topic === "visits" ? t("history.visits") : term("heading", topic);
  const groups = groupFacts(topic, facts);
  const current = groups.filter(({ fact }) => isNow(topic, fact));
  const past = groups.filter(({ fact }) => !isNow(topic, fact));
  return (
    <section className="summary-section">
      <h2>{title}</h2>
      {groups.length === 0 ? <p className="quiet">{t("history.nothing")}</p> : null}
      <Groups groups={current.slice(0, SHOWN)} shown={shown} />
      {current.length <= SHOWN ? null : (
        <details>
          <summary>{t("history.rest", { count: current.length - SHOWN })}</summary>
          <Groups groups={current.slice(SHOWN)} shown={shown} />
        </details>
      )}
      {past.length === 0 ? null : (
        <details>
          <summary>{t("history.past", { count: past.length })}</summary>
          <Groups groups={past} shown={shown} />
        </details>
      )}
    </section>
  );
}

/** Problems, allergies and medicines can be over; a visit or a measurement only happened. */
const isNow = (topic: Topic, { current }: ToldFact): boolean =>
  current || topic === "results" || topic === "visits" || topic === "immunizations";

function Groups(props: {
  readonly groups: readonly FactGroup[];
  readonly shown: ShownHistory;
}): ReactNode {
  const { t } = useWords();
  return props.groups.length === 0 ? null : (
    <ul className="facts-told">
      {props.groups.map(({ fact, earlier }, at) => (
        <li key={at}>
          <FactLine fact={fact} shown={props.shown} />
          {earlier.length === 0 ? null : (
            <details>
              <summary>{t("history.earlier", { count: earlier.length })}</summary>
              <ul className="facts-told">
                {earlier.map((each, n) => (
                  <li key={n}>
                    <FactLine fact={each} shown={props.shown} />
                  </li>
                ))}
              </ul>
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function FactLine(props: { readonly fact: ToldFact; readonly shown: ShownHistory }): ReactNode {
  const { fact, shown } = props;
  const { t, term, fhirDate } = useWords();
  const dates = [fact.date, fact.end].flatMap((date) => (date === undefined ? [] : fhirDate(date)));
  const told = hasStatus(fact) ? term("status", fact.status) : "";
  return (
    <>
      <p>
        <strong>
          <RecordText>{fact.label}</RecordText>
        </strong>
        {fact.value === "" ? null : (
          <>
            {": "}
            <RecordText>
              {fact.unit === undefined ? fact.value : `${fact.value} ${fact.unit}`}
            </RecordText>{" "}
            <Flag flag={fact.flag} />
          </>
        )}
        <span className="quiet">
          {[...(told === "" ? [] : [told]), ...(dates.length === 0 ? [] : [dates.join(" – ")])].map(
            (part) => ` · ${part}`,
          )}
        </span>
      </p>
      <p className="quiet">
        {t("history.saidBy")} <Sources fact={fact} shown={shown} />
      </p>
      {fact.differences.map((difference) => (
        <Differing key={difference.element} difference={difference} />
      ))}
    </>
  );
}

const hasStatus = ({ topic, status }: ToldFact): boolean =>
  status !== "" && (topic === "problems" || topic === "allergies" || topic === "medicines");

/** Each institution once, with a link to the newest of its records that says so. */
function Sources(props: { readonly fact: ToldFact; readonly shown: ShownHistory }): ReactNode {
  const { fact, shown } = props;
  const { place } = useWords();
  const newest = new Map(
    fact.said.toReversed().map(({ institution, records }) => [institution, records[0] ?? ""]),
  );
  return [...newest].map(([institution, record], at) => (
    <span key={institution}>
      {at === 0 ? "" : ", "}
      {shown.records[record] === undefined ? (
        place(institution)
      ) : (
        <PageLink to={{ page: "record", id: record }} className="text-link">
          {place(institution)}
        </PageLink>
      )}
    </span>
  ));
}

function Differing(props: { readonly difference: ToldFact["differences"][number] }): ReactNode {
  const { element, words } = props.difference;
  const { t, term, place, list } = useWords();
  const isCode = element === "status" || element === "verification" || element === "severity";
  return (
    <div className="note">
      <p>{t("history.differ", { what: term("history.element", element) })}</p>
      <ul>
        {words.map(({ value, said }, at) => (
          <li key={at}>
            <RecordText>{isCode ? term("status", value) : value}</RecordText>
            <span className="quiet">
              {` – ${list([...new Set(said.map(({ institution }) => place(institution)))])}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
