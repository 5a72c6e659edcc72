import { accessRequest } from "@anamnesis/protocol";
import { toHex } from "@anamnesis/crypto/verify";
import type { RequestItem } from "./items.ts";
import type { RequestSummary } from "./model.ts";

/** An access request as lists show it. @param role - Of the party that it concerns. */
export function summariseRequest(item: RequestItem, role: "doctor" | "patient"): RequestSummary {
  const asked = accessRequest.decode(item.body);
  return {
    id: item.request,
    state: item.state as RequestSummary["state"],
    time: item.time,
    party: { fingerprint: item.party, name: item.partyName, role, institution: item.institution },
    ...(asked.categories !== null && { categories: asked.categories }),
    ...(asked.records !== null && { records: asked.records.map(toHex) }),
    sensitive: asked.sensitive,
    actions: asked.actions,
    purpose: asked.purpose,
    until: asked.until,
    text: asked.text,
    ...(item.gid !== null && { gid: item.gid }),
    ...(item.closedAt !== null && { closedAt: item.closedAt }),
  };
}

/** Newest first. */
export const requestSummaryOrder = (left: RequestSummary, right: RequestSummary): number =>
  right.time - left.time;
