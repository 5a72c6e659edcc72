import type { GrantSummary, RequestSummary } from "@anamnesis/client";
import { useRef } from "react";
import type { ReactNode } from "react";
import { useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import { useWords } from "../views/useWords.ts";
import { StandingText } from "../views/StandingText.tsx";
import type { KnownPatient } from "../worker/port.ts";
import { AskForm } from "./AskForm.tsx";

/** A doctor asks a patient for access, and sees what became of earlier requests. */
export function AskPage(): ReactNode {
  const patients = useQuery("doctor.patients", null);
  const requests = useQuery("doctor.requests", null);
  const grants = useQuery("doctor.grants", null);
  const { t } = useWords();
  const mine = useRef<HTMLHeadingElement>(null);
  return (
    <Page title={t("ask.title")}>
      <FormPart patients={patients} onSent={() => mine.current?.focus()} />
      <section>
        <h2 ref={mine} tabIndex={-1}>
          {t("ask.mine")}
        </h2>
        <MyRequests requests={requests} grants={grants.status === "ready" ? grants.value : []} />
      </section>
    </Page>
  );
}

function FormPart(props: {
  readonly patients: Answer<readonly KnownPatient[]>;
  readonly onSent: () => void;
}): ReactNode {
  const { patients, onSent } = props;
  const { t } = useWords();
  switch (patients.status) {
    case "loading":
      return <LoadingPanel label={t("ask.loading")} />;
    case "failed":
      return <ErrorPanel error={patients.error} onRetry={patients.retry} />;
    case "ready":
      return patients.value.length === 0 ? (
        <EmptyPanel title={t("ask.noPatients")} text={t("ask.noPatientsText")} />
      ) : (
        <AskForm patients={patients.value} onSent={onSent} />
      );
  }
}

const stateTexts = {
  open: "requests.stateOpen",
  granted: "requests.stateGranted",
  refused: "requests.stateRefused",
} as const;

function MyRequests({
  requests,
  grants,
}: {
  readonly requests: Answer<readonly RequestSummary[]>;
  readonly grants: readonly GrantSummary[];
}): ReactNode {
  const { t, term, scope, day, alone } = useWords();
  switch (requests.status) {
    case "loading":
      return <LoadingPanel label={t("requests.loading")} />;
    case "failed":
      return <ErrorPanel error={requests.error} onRetry={requests.retry} />;
    case "ready":
      if (requests.value.length === 0) return <p>{t("ask.none")}</p>;
      return (
        <ul className="records">
          {requests.value
            .toSorted((a, b) => b.time - a.time)
            .map((request) => (
              <li key={request.id} className="card">
                <p className="record-title">
                  {personLabel(request.party.name)} · {alone(scope(request))}
                </p>
                <p className="quiet">
                  {alone(term("purpose", request.purpose))} · {t("ask.until")} {day(request.until)}
                </p>
                <p className={`status status-${request.state}`}>{t(stateTexts[request.state])}</p>
                <Allowed grant={grants.find(({ id }) => id === request.gid)} />
              </li>
            ))}
        </ul>
      );
  }
}

/** What the patient allowed, which may be less than was asked, and how that stands. */
function Allowed({ grant }: { readonly grant: GrantSummary | undefined }): ReactNode {
  const { t, scope, day, actions } = useWords();
  if (grant === undefined) return null;
  return (
    <p className="preview">
      {t("ask.allowed", {
        action: actions(grant.actions),
        what: scope(grant),
        until: day(grant.until),
      })}{" "}
      <StandingText grant={grant} />
    </p>
  );
}
