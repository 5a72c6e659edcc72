import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits, slipCodes, slipCodeText } from "@anamnesis/protocol";
import type { RecordView, SlipCode, SlipOutcome } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { WrittenItem } from "../items.ts";
import type { Session } from "../session.ts";
import { haveKept } from "../storeObject.ts";
import { postBatch, signedSlip } from "../submit.ts";
import type { SignedSlip } from "../submit.ts";
import { keepLabel, notify } from "./writeRecords.ts";
import type { StoredDraft } from "./writeRecords.ts";

/** A record that an import wrote, or found to be there. */
export interface ImportedRecord {
  readonly id: string;
  readonly pid: string;
  readonly chain: string;
  readonly category: string;
  readonly title: string;
  readonly outcome: "new" | "version" | "unchanged";
  /** The slip of the version; that of a new record is its id, and for what is unchanged there is none. */
  readonly slip?: string;
}

const ITEMS_AT_ONCE = 8;
const NOTICES_AT_ONCE = 8;

interface Sent {
  readonly stored: StoredDraft;
  readonly slip: SignedSlip;
  /** As the device remembers the record while nobody has answered for the slip. */
  readonly item: WrittenItem;
}

/**
 * Posts the slips of stored records in batches of 1,024, keeps what was written, tells the patient. What is sent is remembered
 * before, so that a device that stops meanwhile asks the chain and writes nothing twice.
 *
 * @throws {AnamnesisError} Slip codes and those of `postBatch`, with `details.submitted`: ids that are on the chain nevertheless.
 */
export async function submitRecords(
  session: Session,
  stored: readonly StoredDraft[],
): Promise<readonly ImportedRecord[]> {
  const sent = await inParallel(stored, ITEMS_AT_ONCE, (each) => signed(session, each));
  const written: ImportedRecord[] = [];
  let refused: SlipOutcome | undefined;
  for (let start = 0; start < sent.length; start += limits.batchSlips) {
    const part = sent.slice(start, start + limits.batchSlips);
    await inParallel(part, ITEMS_AT_ONCE, ({ item }) =>
      session.device.items.put("written", item.record, item),
    );
    const results = await postBatch(
      session,
      part.map(({ slip }) => slip),
    ).catch((error: unknown) => {
      throw withSubmitted(error, written);
    });
    const accepted = part.filter((_, i) => results[i]?.code === "OK");
    refused ??= results.find(({ code }) => code !== "OK");
    written.push(...(await inParallel(accepted, NOTICES_AT_ONCE, (each) => keep(session, each))));
  }
  if (refused !== undefined) {
    const code = Object.hasOwn(slipCodes, refused.code) ? (refused.code as SlipCode) : "INTERNAL";
    const text = code === "INTERNAL" ? "The chain refused a record" : slipCodeText[code];
    throw withSubmitted(new AnamnesisError(code, text), written);
  }
  return written;
}

async function signed(session: Session, stored: StoredDraft): Promise<Sent> {
  const { device } = session;
  const { draft, pid, tag, sealed, sealedId } = stored;
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  const { chain, institution } = draft.token.token;
  const { secretKey } = signing;
  const cert = fromHex(fingerprint);
  const fields = { institution, cert, pid, tag, digest: sealed.digest, sealedId };
  const { amends } = draft;
  const slip =
    amends === undefined
      ? signedSlip(session, { chain, kind: "record.submit", fields, secretKey })
      : signedSlip(session, {
          chain,
          kind: "record.amend",
          fields: {
            ...fields,
            record: fromHex(amends.view.record),
            before: fromHex(newestDigest(amends.view)),
          },
          secretKey,
        });
  const { title } = draft.description;
  const pending = { slip: slip.id, source: draft.source, title };
  return { stored, slip, item: { ...(amends?.item ?? newItem(session, stored, slip)), pending } };
}

const newestDigest = (view: RecordView): string => view.versions.at(-1)?.digest ?? "";

function newItem(
  session: Session,
  { draft, pid, tag }: StoredDraft,
  slip: SignedSlip,
): WrittenItem {
  const { category, sensitive, title } = draft.description;
  const { token, item } = draft.token;
  return {
    record: slip.id,
    chain: token.chain,
    pid: toHex(pid),
    tag: toHex(tag),
    category,
    sensitive,
    title,
    patient: item.patient,
    patientName: item.patientName,
    time: session.clock(),
    disputes: {},
    series: draft.series,
    source: null,
    pending: null,
  };
}

async function keep(session: Session, { stored, slip, item }: Sent): Promise<ImportedRecord> {
  const { draft, held } = stored;
  const { record, pid, chain, category } = item;
  const { title } = draft.description;
  const kept = { ...item, title, source: draft.source, pending: null };
  await session.device.items.put("written", record, kept);
  await keepLabel(session, record, stored);
  await Promise.all([
    haveKept(session, held),
    notify(session, draft.token, { record, slip: slip.id }),
  ]);
  const outcome = draft.amends === undefined ? "new" : "version";
  return { id: record, pid, chain, category, title, outcome, slip: slip.id };
}

/** The error with the ids of what is on the chain nevertheless. */
function withSubmitted(error: unknown, written: readonly ImportedRecord[]): unknown {
  if (!(error instanceof AnamnesisError)) return error;
  const submitted = written.map(({ id }) => id);
  const message =
    submitted.length === 0
      ? error.message
      : `${error.message}; ${submitted.length} records of the file were written before`;
  return new AnamnesisError(error.code, message, { cause: error, details: { submitted } });
}
