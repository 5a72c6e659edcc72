import type { RecordSummary, Session } from "@anamnesis/client";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { factOf } from "./recordFact.ts";
import { RecordIndex } from "./recordIndex.ts";
import type { ShownRecord } from "./port.ts";
import { browserBlobs } from "./sealedBlobs.ts";
import { codeOf } from "./servePort.ts";
import type { Handlers } from "./servePort.ts";
import { showHistory, summaryFile } from "./showHistory.ts";
import { showRecord } from "./showRecord.ts";

type PatientMethod = Extract<keyof Handlers, `patient.${string}`>;

/** Codes that say that content, signature or place on the chain is at fault, and not a part that is away. */
const faults = new Set([
  "E_DECRYPT",
  "DIGEST_MISMATCH",
  "AUTHOR_UNVERIFIED",
  "PROOF_INVALID",
  "OBJECT_CORRUPT",
]);

/**
 * A patient's calls, on their own device. Nothing is opened to draw a list: it shows what the chain says and what the labels say
 * that are known; labels that are not are fetched meanwhile.
 *
 * @param onMore - Told when the list of records can say more than it did.
 */
export function patientCalls(session: Session, onMore: () => void): Pick<Handlers, PatientMethod> {
  const index = new RecordIndex(browserBlobs(), session.device.seed);
  let learning: Promise<void> | undefined;
  const learnLabels = (records: readonly RecordSummary[]): void => {
    const isKnown = ({ label }: RecordSummary): boolean => label !== undefined;
    if (records.every(isKnown)) return;
    const before = records.filter(isKnown).length;
    learning ??= patient
      .withLabels(session, records)
      .then(
        (read) => (read.filter(isKnown).length > before ? onMore() : undefined),
        // Said nowhere: the list stands without them, and they are asked for with the next one.
        () => undefined,
      )
      .finally(() => (learning = undefined));
  };
  const open = async (id: string): Promise<ShownRecord> => {
    const opened = await patient.openRecord(session, id);
    const { digest } = opened.version;
    try {
      const shown = await showRecord(opened);
      const fact = factOf(shown.summary);
      if (await index.learn(digest, fact === undefined ? {} : { fact })) onMore();
      return shown;
    } catch (error) {
      const code = codeOf(error);
      if (code !== undefined && faults.has(code) && (await index.learn(digest, { broken: code })))
        onMore();
      throw error;
    }
  };
  return {
    "patient.kept": () => index.kept(),
    "patient.records": async () => {
      const records = await patient.listRecords(session);
      learnLabels(records);
      return index.show(records, session.clock());
    },
    "patient.record": ({ id }) => open(id),
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
