import { openLabel, sameLabel } from "@anamnesis/crypto/open";
import { sign } from "@anamnesis/crypto/sign";
import { concat, CryptoError, equalBytes, fromHex, piecesOf } from "@anamnesis/crypto/verify";
import { HEAD_BYTES } from "@anamnesis/fhir";
import { AnamnesisError, disputeReason, limits } from "@anamnesis/protocol";
import { disputeSlip } from "../disputeSlip.ts";
import { inParallel } from "../inParallel.ts";
import { postSealed, sealMessage, staffAddress } from "../mail.ts";
import { certificateOf } from "../people.ts";
import { labelOf } from "../recordLabel.ts";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { openVersion, ownRecord, ownRecords, remember } from "./records.ts";
import type { OwnRecord } from "./records.ts";
import { asVisit, keysOfTag, visitKey } from "./visitKeys.ts";

const RECORDS_AT_ONCE = 4;
const BATCH_SLIPS = 512;

interface Failed {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}
interface Signed {
  readonly own: OwnRecord;
  readonly digest: string;
  readonly slip: { readonly id: string; readonly bytes: Uint8Array };
}

/** Fetches, verifies and opens each, then confirms its newest version. Already confirmed ones are left alone. */
export async function confirm(
  session: Session,
  which: { readonly ids: readonly string[] } | { readonly all: true },
): Promise<{ readonly confirmed: readonly string[]; readonly failed: readonly Failed[] }> {
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
  for (const [institution, batch] of Map.groupBy(signed, ({ own }) => own.visit.institution)) {
    for (let at = 0; at < batch.length; at += BATCH_SLIPS)
      await submit(session, institution, batch.slice(at, at + BATCH_SLIPS), { confirmed, failed });
  }
  return { confirmed, failed };
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
  const expected = labelOf({ title: fileName ?? "", head, sensitive: entry?.sensitive === true });
  if (!sameLabel(label, expected))
    throw new AnamnesisError(
      "LABEL_MISMATCH",
      "The record's label does not say what the record is",
    );
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

async function submit(
  session: Session,
  institution: string,
  batch: readonly Signed[],
  told: { confirmed: string[]; failed: Failed[] },
): Promise<void> {
  const { chain } = batch[0]!.own.visit;
  const results = await session.network.node(institution).submitBatch(
    chain,
    batch.map(({ slip }) => slip.bytes),
  );
  for (const [i, { own, digest, slip }] of batch.entries()) {
    const { id } = own.record;
    const code = results[i]?.code ?? "UNAVAILABLE";
    if (code === "OK" || code === "ALREADY_CONFIRMED") {
      told.confirmed.push(id);
      if (code === "OK")
        await remember(session, own.record, (item) => ({
          ...item,
          confirmations: { ...item.confirmations, [digest]: slip.id },
        }));
    } else {
      told.failed.push({ id, code, message: "The chain did not take the confirmation" });
    }
  }
}

function failure(id: string, error: unknown): Failed {
  if (error instanceof AnamnesisError || error instanceof CryptoError)
    return { id, code: error.code, message: error.message };
  throw error;
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
  await postSlip(session.network.node(visit.institution), visit.chain, slip);
  await postSealed(session, author, sealed);
  await remember(session, record, (item) => ({
    ...item,
    disputes: { ...item.disputes, [newest.digest]: { slip: slip.id, reason: input.reason } },
  }));
  return slip.id;
}
