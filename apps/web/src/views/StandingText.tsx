import type { GrantSummary } from "@anamnesis/client";
import type { ReactNode } from "react";
import { useWords } from "./useWords.ts";

/** How a grant stands, in a sentence: in force, stopped and when, ended. */
export function StandingText({ grant }: { readonly grant: GrantSummary }): ReactNode {
  const { t, day, moment } = useWords();
  switch (grant.status) {
    case "live":
      return t("standing.live");
    case "expired":
      return t("standing.expired", { date: day(grant.until) });
    case "revoked":
      return grant.revokedAt === undefined
        ? t("standing.stopped")
        : t("standing.stoppedOn", { date: moment(grant.revokedAt) });
    case "stopped":
      return t("standing.stopped");
    case "revoking":
      return t("standing.stopping");
    case "granting":
    case "unpublished":
      return t("standing.granting");
  }
}
