import type { GrantSummary, RequestSummary } from "@anamnesis/client";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { Facts } from "../views/Facts.tsx";
import { PageLink } from "../views/Navigation.tsx";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import { RecordText } from "../views/RecordText.tsx";
import { useWords } from "../views/useWords.ts";
import { StandingText } from "../views/StandingText.tsx";
import { Decision } from "./Decision.tsx";

type Requests =
  | Exclude<Answer<readonly RequestSummary[]>, { status: "ready" }>
  | { readonly status: "empty" }
  | {
      readonly status: "ready";
      readonly open: readonly RequestSummary[];
      readonly closed: readonly RequestSummary[];
      /** What was allowed, by the grant's id. */
      readonly grants: ReadonlyMap<string, GrantSummary>;
    };

function useRequests(): Requests {
  const answer = useQuery("patient.requests", null);
  const grants = useQuery("patient.grants", null);
  if (answer.status !== "ready") return answer;
  if (answer.value.length === 0) return { status: "empty" };
  const newestFirst = answer.value.toSorted((a, b) => b.time - a.time);
  return {
    status: "ready",
    open: newestFirst.filter(({ state }) => state === "open"),
    closed: newestFirst.filter(({ state }) => state !== "open"),
    grants: new Map(
      (grants.status === "ready" ? grants.value : []).map((grant) => [grant.id, grant]),
    ),
  };
}

/** What doctors ask of a patient. @param chosen - The request to which a link leads. */
export function RequestsPage(props: { readonly chosen?: string | undefined }): ReactNode {
  const requests = useRequests();
  const [chosen, choose] = useState(props.chosen);
  const { t } = useWords();
  return (
    <Page title={t("requests.title")}>
      <RequestsView requests={requests} chosen={chosen} onAnswered={choose} />
    </Page>
  );
}

function RequestsView(props: {
  readonly requests: Requests;
  readonly chosen: string | undefined;
  readonly onAnswered: (request: string) => void;
}): ReactNode {
  const { requests, chosen, onAnswered } = props;
  const { t } = useWords();
  switch (requests.status) {
    case "loading":
      return <LoadingPanel label={t("requests.loading")} />;
    case "failed":
      return <ErrorPanel error={requests.error} onRetry={requests.retry} />;
    case "empty":
      return <EmptyPanel title={t("requests.empty")} text={t("requests.emptyText")} />;
    case "ready":
      return (
        <>
          <section>
            <h2>{t("requests.waiting")}</h2>
            {requests.open.length === 0 ? <p>{t("requests.noneWaiting")}</p> : null}
            {requests.open.map((request) => (
              <RequestCard
                key={request.id}
                request={request}
                isChosen={request.id === chosen}
                onAnswered={() => onAnswered(request.id)}
              />
            ))}
          </section>
          {requests.closed.length === 0 ? null : (
            <section>
              <h2>{t("requests.answered")}</h2>
              {requests.closed.map((request) => (
                <RequestCard
                  key={request.id}
                  request={request}
                  grant={requests.grants.get(request.gid ?? "")}
                  isChosen={request.id === chosen}
                />
              ))}
            </section>
          )}
        </>
      );
  }
}

function RequestCard(props: {
  readonly request: RequestSummary;
  readonly grant?: GrantSummary | undefined;
  readonly isChosen: boolean;
  readonly onAnswered?: () => void;
}): ReactNode {
  const { request, grant, isChosen, onAnswered } = props;
  const { t, term, who, scope, day, moment, actions } = useWords();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isChosen) title.current?.focus();
  }, [isChosen]);
  const heading = `request-${request.id.slice(0, 16)}`;
  return (
    <article className={isChosen ? "card card-chosen" : "card"} aria-labelledby={heading}>
      <h3 id={heading} ref={title} tabIndex={-1}>
        {t("requests.asks", { who: who(request.party), what: scope(request) })}
      </h3>
      <Verified party={request.party} />
      <Facts
        facts={[
          { name: t("requests.why"), value: term("purpose", request.purpose) },
          {
            name: t("requests.how"),
            value: actions(request.actions),
          },
          ...(request.sensitive
            ? [{ name: t("requests.sensitive"), value: t("requests.sensitiveToo") }]
            : []),
          {
            name: t(request.state === "open" ? "requests.until" : "requests.askedUntil"),
            value: day(request.until),
          },
          { name: t("requests.asked"), value: moment(request.time) },
          ...(request.text === ""
            ? []
            : [
                {
                  name: t("requests.message"),
                  value: (
                    <q>
                      <RecordText>{request.text}</RecordText>
                    </q>
                  ),
                },
              ]),
        ]}
      />
      {request.state === "open" ? (
        <Decision request={request} onAnswered={onAnswered} />
      ) : (
        <Closed request={request} grant={grant} />
      )}
    </article>
  );
}

function Verified({ party }: { readonly party: RequestSummary["party"] }): ReactNode {
  const { t, term, place } = useWords();
  if (party.name === "")
    return (
      <div className="verified verified-no">
        <strong>▲ {t("requests.unverified")}</strong>
        <p>{t("requests.unverifiedNote")}</p>
      </div>
    );
  return (
    <div className="verified">
      <strong>✓ {t("requests.verified")}</strong>
      <p>
        {[personLabel(party.name), term("role", party.role), place(party.institution)].join(" · ")}
      </p>
      <p>{t("requests.verifiedNote")}</p>
    </div>
  );
}

/** What became of a request: of an approved one what was allowed, which may be less than was asked, and how that stands. */
function Closed(props: {
  readonly request: RequestSummary;
  readonly grant: GrantSummary | undefined;
}): ReactNode {
  const { request, grant } = props;
  const { t, day, scope, actions } = useWords();
  const isGranted = request.state === "granted";
  return (
    <>
      <p>
        <strong>{t(isGranted ? "requests.stateGranted" : "requests.stateRefused")}</strong>
        {request.closedAt === undefined ? null : (
          <> · {t("requests.closedOn", { date: day(request.closedAt) })}</>
        )}
      </p>
      {grant === undefined ? null : (
        <p className="preview">
          {t("requests.allowed", {
            action: actions(grant.actions),
            what: scope(grant),
            until: day(grant.until),
          })}{" "}
          <StandingText grant={grant} />
        </p>
      )}
      {request.gid === undefined ? null : (
        <PageLink to={{ page: "sharing", gid: request.gid }} className="text-link">
          {t("requests.seeSharing")}
        </PageLink>
      )}
    </>
  );
}
