import type { RecordSummary, Session } from "@anamnesis/client";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { RecordDetails } from "./recordDetails.ts";
import type { Handlers } from "./servePort.ts";
import { showHistory, summaryFile } from "./showHistory.ts";
import { showRecord } from "./showRecord.ts";

type PatientMethod = Extract<keyof Handlers, `patient.${string}`>;

/**
 * A patient's calls, on their own device.
 *
 * @param onMore - Told when the list of records can say more than it did.
 */
export function patientCalls(session: Session, onMore: () => void): Pick<Handlers, PatientMethod> {
  const details = new RecordDetails((id) => patient.openRecord(session, id), onMore);
  return {
    "patient.records": async () => details.addTo(await patient.listRecords(session)),
    "patient.record": async ({ id }) => showRecord(await patient.openRecord(session, id)),
    "patient.history": async () => showHistory(await patient.ownHistory(session)),
    "patient.summary": async () => summaryFile(session, await patient.ownHistory(session)),
    "patient.confirm": async ({ id, digest }) => {
      await refuseUnread(session, { id, digest });
      const { failed, sent } = await patient.confirm(session, { ids: [id] });
      const [failure] = failed;
      if (failure !== undefined) throw new ConfirmFailure(failure);
      return { isProven: sent.length === 0 };
    },
    "patient.dispute": async ({ id, digest, reason }) => {
      await refuseUnread(session, { id, digest });
      await patient.dispute(session, { id, reason });
      return null;
    },
    "patient.requests": () => patient.listRequests(session),
    "patient.approve": (input) => patient.grant(session, input),
    "patient.refuse": async ({ request }) => {
      await patient.refuse(session, request);
      return null;
    },
    "patient.grants": () => patient.listGrants(session),
    "patient.revoke": ({ gid }) => patient.revoke(session, gid),
    "patient.log": () => patient.accessLog(session),
    "patient.proof": async ({ record }) =>
      new Blob([new Uint8Array(await patient.exportProof(session, record))], {
        type: "application/octet-stream",
      }),
  };
}

/** One failure out of many, as `servePort` reads it. */
class ConfirmFailure extends Error {
  readonly code: string;
  readonly details: { readonly away: readonly string[] };

  constructor({ code, away = [] }: { readonly code: string; readonly away?: readonly string[] }) {
    super(`Failed with ${code}`);
    this.name = "ConfirmFailure";
    this.code = code;
    this.details = { away };
  }
}

/** A version that came after the one on the screen is not confirmed or disputed unread. */
async function refuseUnread(
  session: Session,
  { id, digest }: { readonly id: string; readonly digest: string },
): Promise<void> {
  const record = (await patient.listRecords(session)).find((found) => found.id === id);
  if (record === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such record");
  if (newestDigest(record) !== digest)
    throw new AnamnesisError("DIGEST_NOT_NEWEST", "A newer version came, want it read first");
}

const newestDigest = ({ versions }: RecordSummary): string | undefined => versions.at(-1)?.digest;
