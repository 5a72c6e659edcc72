import { sealObjectId, sealRecord } from "@anamnesis/crypto/seal";
import type { RecordLabel, SealedRecord } from "@anamnesis/crypto/seal";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { WholeRecord } from "@anamnesis/fhir";
import { AnamnesisError, entryFor, recordNotice, tokenPid } from "@anamnesis/protocol";
import { certifiedCaller } from "../caller.ts";
import { cardAddress, sendMessage } from "../mail.ts";
import type { Session } from "../session.ts";
import { storeObject } from "../storeObject.ts";
import type { HeldObject } from "../storeObject.ts";
import type { Amended } from "./importPlan.ts";
import type { PreparedRecord } from "./prepareRecords.ts";
import type { HeldToken } from "./tokens.ts";

/** One record to be: what is known of it, its content, and the visit it belongs to. */
export interface Draft extends Omit<PreparedRecord, "record"> {
  readonly description: Pick<
    WholeRecord,
    "category" | "sensitive" | "mediaType" | "title" | "keywords"
  >;
  readonly token: HeldToken;
  /** The record of which it is a new version. */
  readonly amends?: Amended;
}

/** A record that lies sealed in two vaults; no slip names it yet. */
export interface StoredDraft {
  readonly draft: Draft;
  readonly pid: Uint8Array;
  readonly tag: Uint8Array;
  readonly held: HeldObject;
  readonly sealed: SealedRecord;
  readonly sealedId: Uint8Array;
  readonly label: RecordLabel;
}

/** Coarse class in the header, where whoever holds the tag's address key sees it. */
const mediaClass = (mediaType: string): string => {
  if (mediaType === "application/fhir+json") return "fhir";
  if (mediaType === "application/pdf") return "pdf";
  return mediaType === "application/dicom" ? "dicom" : "other";
};

/**
 * Seals a record for its visit and stores it in two vaults, streaming: memory stays at a few chunks.
 *
 * @throws {AnamnesisError} BAD_REQUEST when the token is not for the record's category; TOO_FEW_VAULTS,
 * UNAVAILABLE. @throws {CryptoError} E_ARGUMENT when the content changes between its two readings.
 */
export async function sealAndStore(session: Session, draft: Draft): Promise<StoredDraft> {
  const { device, random } = session;
  const { token } = draft.token;
  const { category, mediaType, title, keywords } = draft.description;
  const entry = entryFor(token, draft.description);
  if (entry === undefined)
    throw new AnamnesisError(
      "BAD_REQUEST",
      `The visit is not open for ${draft.description.sensitive ? "sensitive " : ""}${category}, want ${[...new Set(token.entries.map((each) => each.category))].join(", ")}`,
    );
  const [{ fingerprint }, { signing, box }, caller] = await Promise.all([
    device.certificate(),
    device.keys(),
    certifiedCaller(device),
  ]);
  const pid = fromHex(tokenPid(token));
  const object = random(32);
  const { labelOf } = await import("../recordLabel.ts");
  const label = labelOf({ title, head: draft.head, sensitive: entry.sensitive });
  const sealing = await sealRecord(
    {
      target: { pid, tag: entry.tag, A: token.A, ekTag: entry.ek, addressKey: entry.addressKey },
      author: {
        signingSecretKey: signing.secretKey,
        certFingerprint: fromHex(fingerprint),
        boxPublicKey: box.publicKey,
      },
      content: draft.content,
      description: {
        mediaClass: mediaClass(mediaType),
        mediaType,
        category,
        keywords,
        fileName: title,
        label,
      },
      time: Math.floor(session.clock() / 1000),
    },
    random,
  );
  const { chain } = token;
  const held = await storeObject(session, { chain, object, content: sealing.object, caller });
  const sealed = await sealing.sealed;
  const { bodyHash } = sealed;
  return {
    draft,
    pid,
    tag: entry.tag,
    held,
    sealed,
    label,
    sealedId: await sealObjectId(
      { addressKey: entry.addressKey, objectId: object, bodyHash },
      random,
    ),
  };
}

/** Keeps the label of a version on its author's device. */
export async function keepLabel(
  { device, clock }: Session,
  record: string,
  { label, sealed }: StoredDraft,
): Promise<void> {
  const digest = toHex(sealed.digest);
  await device.items.put("label", digest, { record, digest, label, time: clock() });
}

/** Tells the patient that a version was written. Best effort: the patient also finds it on the chain by pid. */
export async function notify(
  session: Session,
  token: HeldToken,
  written: { readonly record: string; readonly slip: string },
): Promise<boolean> {
  const { chain } = token.token;
  const body = recordNotice.encode({
    v: 1,
    chain,
    pid: fromHex(tokenPid(token.token)),
    record: fromHex(written.record),
    slip: fromHex(written.slip),
  });
  try {
    await sendMessage(session, cardAddress(session, token.contact), {
      type: "record.notice",
      body,
    });
    return true;
  } catch (error) {
    if (error instanceof AnamnesisError) return false;
    throw error;
  }
}
