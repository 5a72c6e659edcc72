import { openLabel, sameLabel } from "@anamnesis/crypto/open";
import { sign } from "@anamnesis/crypto/sign";
import { concat, CryptoError, equalBytes, fromHex, piecesOf } from "@anamnesis/crypto/verify";
import { HEAD_BYTES } from "@anamnesis/fhir/head";
import { AnamnesisError, disputeReason, limits } from "@anamnesis/protocol";
import type { SlipOutcome } from "@anamnesis/protocol";
import { disputeSlip } from "../disputeSlip.ts";
import { inParallel } from "../inParallel.ts";
import { askUntil } from "../members/ask.ts";
import { askNewestHeadOnce } from "../proofs/heads.ts";
import type { AskHead } from "../proofs/heads.ts";
import { proveSlip } from "../proofs/prove.ts";
import { soonProven } from "../sendProved.ts";
import { postSealed, sealMessage, staffAddress } from "../mail.ts";
import { certificateOf } from "../people.ts";
import type { Session } from "../session.ts";
import { carriersOf, postBatch, postSlip, signedSlip } from "../submit.ts";
import type { SignedSlip } from "../submit.ts";
import { awayIn } from "../members/away.ts";
import { assertConfirms } from "./confirmations.ts";
import { openVersion, ownRecord, ownRecords, remember } from "./records.ts";
import type { OwnRecord } from "./records.ts";
import { asVisit, keysOfTag, visitKey } from "./visitKeys.ts";

const RECORDS_AT_ONCE = 4;
const BATCH_SLIPS = 512;
/** Carriers that say OK without a proof coming of it. */
const CARRIERS = 4;

interface Failed {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  /** Institutions that did not give what was asked of them; absent when it is nobody's absence. */
  readonly away?: readonly string[];
}
interface Signed {
  readonly own: OwnRecord;
  readonly digest: string;
  readonly slip: SignedSlip;
}

/** What became of records that were to be confirmed, by id. */
export interface Confirmed {
  /** The chain proves it. */
  readonly confirmed: readonly string[];
  /** A member said that it took it, and the chain does not prove it: confirming again sends it by others. */
  readonly sent: readonly string[];
  readonly failed: readonly Failed[];
}

/** Fetches, verifies and opens each, then confirms its newest version. Already confirmed ones are left alone. */
export async function confirm(
  session: Session,
  which: { readonly ids: readonly string[] } | { readonly all: true },
): Promise<Confirmed> {
  const candidates =
    "all" in which
      ? await ownRecords(session)
      : await inParallel(which.ids, RECORDS_AT_ONCE, (id) => ownRecord(session, id));
  // Disputed ones are confirmed only by name: the owner changed their mind about that very record.
  const wanted = candidates.filter(
    ({ record }) =>
      record.state === "unconfirmed" || (!("all" in which) && record.state === "disputed"),
  );
  const failed: Failed[] = [];
  const signed: Signed[] = [];
  await inParallel(wanted, RECORDS_AT_ONCE, async (own) => {
    try {
      signed.push(await readAndSign(session, own));
    } catch (error) {
      failed.push(failure(own.record.id, error));
    }
  });
  const confirmed: string[] = [];
  const sent: string[] = [];
  for (const batch of Map.groupBy(signed, ({ own }) => own.visit.chain).values()) {
    for (let at = 0; at < batch.length; at += BATCH_SLIPS)
      await submit(session, batch.slice(at, at + BATCH_SLIPS), { confirmed, sent, failed });
  }
  return { confirmed, sent, failed };
}

/**
 * What is confirmed was read to its end: nothing is signed that this device has not verified. Its label, which readers see
 * before they open it, must say what the record is.
 *
 * @throws {AnamnesisError} LABEL_MISMATCH
 */
async function readAndSign(session: Session, own: OwnRecord): Promise<Signed> {
  const newest = own.record.versions.at(-1)!;
  const opened = await openVersion(session, own, newest);
  const head = await readThrough(opened.content);
  const { fileName } = await opened.finished;
  const { tag } = opened.head.header;
  const entry = own.visit.entries.find((candidate) => equalBytes(candidate.tag, tag));
  const { ss64 } = keysOfTag(session, tag);
  const label = await openLabel({ ss64, record: opened.head });
  const { labelOf } = await import("../recordLabel.ts");
  const expected = labelOf({ title: fileName ?? "", head, sensitive: entry?.sensitive === true });
  if (!sameLabel(label, expected))
    throw new AnamnesisError(
      "LABEL_MISMATCH",
      "The record's label does not say what the record is",
    );
  const { id } = own.record;
  const { digest } = newest;
  await session.device.items.put("label", digest, {
    record: id,
    digest,
    label,
    time: session.clock(),
  });
  const key = visitKey(session, own.visit);
  const fields = {
    key: key.publicKey,
    record: fromHex(own.record.id),
    digest: fromHex(newest.digest),
  };
  return {
    own,
    digest: newest.digest,
    slip: signedSlip(session, {
      chain: own.visit.chain,
      kind: "record.confirm",
      fields,
      secretKey: key.secretKey,
    }),
  };
}

/** Reads content to its end and gives its first bytes. */
async function readThrough(content: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(content)) {
    if (size < HEAD_BYTES) parts.push(piece);
    size += piece.length;
  }
  return concat(...parts).subarray(0, HEAD_BYTES);
}

/** Sends slips of one chain by one member after the other, until each is proven or refused (D14). */
async function submit(
  session: Session,
  batch: readonly Signed[],
  told: { confirmed: string[]; sent: string[]; failed: Failed[] },
): Promise<void> {
  const carriers = carriersOf(session, batch[0]!.slip);
  let left = batch;
  for (let first = 0; first < Math.min(CARRIERS, carriers.length) && left.length > 0; first += 1) {
    const order = [...carriers.slice(first), ...carriers.slice(0, first)];
    const slips = left.map(({ slip }) => slip);
    let results: readonly SlipOutcome[];
    try {
      results = await postBatch(session, slips, order);
    } catch (error) {
      const failures = left.map(({ own }) => failure(own.record.id, error));
      if (first > 0) break; // One member said that it took them.
      told.failed.push(...failures);
      return;
    }
    const taken = left.filter((each, i) => isTaken(each, results[i]?.code, told));
    left = await unprovenOf(session, taken, told);
  }
  told.sent.push(...left.map(({ own }) => own.record.id));
}

function isTaken(
  { own }: Signed,
  code: string | undefined,
  { failed }: { readonly failed: Failed[] },
): boolean {
  if (code === "OK" || code === "ALREADY_CONFIRMED") return true;
  const message = "The chain did not take the confirmation";
  failed.push({ id: own.record.id, code: code ?? "UNAVAILABLE", message });
  return false;
}

/**
 * Those whose confirmation the chain does not prove yet. The device remembers by which slip the others are confirmed; of whom
 * members prove different states, that is told.
 */
async function unprovenOf(
  session: Session,
  taken: readonly Signed[],
  told: { confirmed: string[]; failed: Failed[] },
): Promise<readonly Signed[]> {
  const askHead = askNewestHeadOnce(session);
  const left: Signed[] = [];
  await inParallel(taken, RECORDS_AT_ONCE, async (each) => {
    const { record } = each.own;
    try {
      const slip = await soonProven(() => provenConfirmation(session, each, askHead));
      if (slip === undefined) return void left.push(each);
      await remember(session, record, (item) => ({
        ...item,
        confirmations: { ...item.confirmations, [each.digest]: slip },
      }));
      told.confirmed.push(record.id);
    } catch (error) {
      told.failed.push(failure(record.id, error));
    }
  });
  return left;
}

/**
 * The slip by which this very version is confirmed: this device's own, or one that another device of this patient sent.
 * `undefined` where members list none, or a wrong one.
 */
async function provenConfirmation(
  session: Session,
  { own, digest, slip }: Signed,
  askHead: AskHead,
): Promise<string | undefined> {
  const { chain, pid } = own.visit;
  const prove = async (id: string): Promise<string> => {
    const proven = await proveSlip(session, chain, id, { askHead, fresh: true });
    assertConfirms(proven.slip, own.record.id, digest);
    return id;
  };
  try {
    return await prove(slip.id);
  } catch (error) {
    if (!(error instanceof AnamnesisError) || error.code !== "NOT_FOUND") throw error;
  }
  try {
    return await askUntil(
      session,
      chain,
      (node) => node.records(chain, { pid }),
      async (views) => {
        const view = views.find(({ record }) => record === own.record.id);
        const other = view?.confirmed.find((version) => version.digest === digest);
        return other === undefined ? undefined : prove(other.slip);
      },
    );
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "PROOF_INVALID") return undefined;
    throw error;
  }
}

function failure(id: string, error: unknown): Failed {
  if (error instanceof CryptoError) return { id, code: error.code, message: error.message };
  if (!(error instanceof AnamnesisError)) throw error;
  const { code, message } = error;
  const away = awayIn(error);
  return { id, code, message, ...(away.length > 0 && { away }) };
}

/** Disputes the newest version; the reason goes sealed to the author. @returns the slip's id. */
export async function dispute(
  session: Session,
  input: { readonly id: string; readonly reason: string },
): Promise<string> {
  const { record, visit } = await ownRecord(session, input.id);
  const newest = record.versions.at(-1)!;
  const author = staffAddress(
    await certificateOf(session, newest.author.fingerprint),
    asVisit(session, visit),
  );
  const { publicKey, secretKey } = visitKey(session, visit);
  const time = session.clock();
  const reason = {
    v: 1 as const,
    chain: visit.chain,
    record: fromHex(record.id),
    digest: fromHex(newest.digest),
    text: input.reason,
    key: publicKey,
    time,
    notAfter: time + limits.clientNotAfterMs,
  };
  const sealed = await sealMessage(author, {
    type: "record.dispute",
    body: disputeReason.encode(reason),
  });
  const slip = disputeSlip(reason, sealed, (type, message) => sign({ type, message, secretKey }));
  await postSlip(session, { chain: visit.chain, kind: "record.dispute", ...slip });
  await postSealed(session, author, sealed);
  await remember(session, record, (item) => ({
    ...item,
    disputes: { ...item.disputes, [newest.digest]: { slip: slip.id, reason: input.reason } },
  }));
  return slip.id;
}
