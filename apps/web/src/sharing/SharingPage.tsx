import type { GrantSummary } from "@anamnesis/client";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useQuery } from "../join/answers.ts";
import type { Answer } from "../join/answers.ts";
import { Facts } from "../views/Facts.tsx";
import { PageLink } from "../views/Navigation.tsx";
import { Page } from "../views/Page.tsx";
import { EmptyPanel, ErrorPanel, LoadingPanel } from "../views/Panels.tsx";
import { useWords } from "../views/useWords.ts";
import { lastUses } from "./lastUse.ts";
import { RevokePart } from "./RevokePart.tsx";

interface SharedWith {
  readonly grant: GrantSummary;
  /** `undefined`: not used; `"unknown"` while the log is not there. */
  readonly lastUse: number | undefined | "unknown";
}

type Sharing =
  | Exclude<Answer<unknown>, { status: "ready" }>
  | { readonly status: "empty" }
  | {
      readonly status: "ready";
      readonly live: readonly SharedWith[];
      readonly ended: readonly SharedWith[];
    };

function useSharing(): Sharing {
  const grants = useQuery("patient.grants", null);
  const log = useQuery("patient.log", null);
  if (grants.status !== "ready") return grants;
  if (grants.value.length === 0) return { status: "empty" };
  const uses = log.status === "ready" ? lastUses(log.value) : undefined;
  const all = grants.value
    .toSorted((a, b) => b.notBefore - a.notBefore)
    .map((grant): SharedWith => ({
      grant,
      lastUse: uses === undefined ? "unknown" : uses.get(grant.id),
    }));
  const isLive = ({ grant }: SharedWith): boolean =>
    grant.status === "live" || grant.status === "unpublished";
  return {
    status: "ready",
    live: all.filter(isLive),
    ended: all.filter((shared) => !isLive(shared)),
  };
}

/** Who can read, one card a grant. @param chosen - The grant to which a link leads. */
export function SharingPage(props: { readonly chosen?: string | undefined }): ReactNode {
  const sharing = useSharing();
  const [chosen, choose] = useState(props.chosen);
  const { t } = useWords();
  return (
    <Page title={t("sharing.title")} intro={t("sharing.intro")}>
      <SharingView sharing={sharing} chosen={chosen} onStopped={choose} />
    </Page>
  );
}

function SharingView(props: {
  readonly sharing: Sharing;
  readonly chosen: string | undefined;
  readonly onStopped: (gid: string) => void;
}): ReactNode {
  const { sharing, chosen, onStopped } = props;
  const { t } = useWords();
  switch (sharing.status) {
    case "loading":
      return <LoadingPanel label={t("sharing.loading")} />;
    case "failed":
      return <ErrorPanel error={sharing.error} onRetry={sharing.retry} />;
    case "empty":
      return <EmptyPanel title={t("sharing.empty")} text={t("sharing.emptyText")} />;
    case "ready":
      return (
        <>
          <section>
            <h2>{t("sharing.live")}</h2>
            {sharing.live.length === 0 ? <p>{t("sharing.noneLive")}</p> : null}
            <GrantCards shared={sharing.live} chosen={chosen} onStopped={onStopped} />
          </section>
          {sharing.ended.length === 0 ? null : (
            <section>
              <h2>{t("sharing.ended")}</h2>
              <GrantCards shared={sharing.ended} chosen={chosen} onStopped={onStopped} />
            </section>
          )}
        </>
      );
  }
}

function GrantCards(props: {
  readonly shared: readonly SharedWith[];
  readonly chosen: string | undefined;
  readonly onStopped: (gid: string) => void;
}): ReactNode {
  return props.shared.map((shared) => (
    <GrantCard
      key={shared.grant.id}
      shared={shared}
      isChosen={shared.grant.id === props.chosen}
      onStopped={() => props.onStopped(shared.grant.id)}
    />
  ));
}

function GrantCard(props: {
  readonly shared: SharedWith;
  readonly isChosen: boolean;
  readonly onStopped: () => void;
}): ReactNode {
  const { shared, isChosen, onStopped } = props;
  const { grant, lastUse } = shared;
  const { t, who, scope, purposes, day, moment, actions } = useWords();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isChosen) title.current?.focus();
  }, [isChosen]);
  const heading = `grant-${grant.id.slice(0, 16)}`;
  return (
    <article className={isChosen ? "card card-chosen" : "card"} aria-labelledby={heading}>
      <h3 id={heading} ref={title} tabIndex={-1}>
        {who(grant.party)}
      </h3>
      <p className={`status status-${grant.status}`}>{statusText()}</p>
      <Facts
        facts={[
          { name: t("sharing.what"), value: scope(grant) },
          { name: t("requests.how"), value: actions(grant.actions) },
          { name: t("sharing.why"), value: purposes(grant.purposes) },
          { name: t("sharing.since"), value: day(grant.notBefore) },
          { name: t("sharing.until"), value: day(grant.until) },
          { name: t("sharing.lastUsed"), value: lastUseText() },
        ]}
      />
      {grant.request === undefined ? null : (
        <p>
          <PageLink to={{ page: "requests", id: grant.request }} className="text-link">
            {t("sharing.request")}
          </PageLink>
        </p>
      )}
      {isRevocation(grant) ? (
        <p className="quiet">{t("sharing.receipts", { count: grant.receipts.length })}</p>
      ) : null}
      {canRevoke(grant) ? <RevokePart grant={grant} onStopped={onStopped} /> : null}
    </article>
  );

  function statusText(): string {
    switch (grant.status) {
      case "live":
        return `● ${t("sharing.statusLive")}`;
      case "granting":
        return `◌ ${t("sharing.statusGranting")}`;
      case "revoking":
        return `◌ ${t("sharing.statusRevoking")}`;
      case "unpublished":
        return `◌ ${t("sharing.statusUnpublished")}`;
      case "expired":
        return `○ ${t("sharing.statusExpired")}`;
      case "stopped":
        return `■ ${t("sharing.statusStopped")}`;
      case "revoked":
        return grant.revokedAt === undefined
          ? `■ ${t("sharing.statusRevoked")}`
          : `■ ${t("sharing.statusRevoked")} · ${t("sharing.stoppedOn", { date: moment(grant.revokedAt) })}`;
    }
  }

  function lastUseText(): string {
    if (lastUse === "unknown") return "…";
    return lastUse === undefined ? t("sharing.neverUsed") : moment(lastUse);
  }
}

const isRevocation = ({ status }: GrantSummary): boolean =>
  status === "revoked" || status === "stopped" || status === "revoking";
/** What is not proved is said again by the same button. */
const canRevoke = ({ status }: GrantSummary): boolean =>
  status === "live" || status === "stopped" || status === "revoking";
