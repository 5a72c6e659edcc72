import { BYTES, encodeCanonical, fromHex, toHex, verifySignature } from "@anamnesis/crypto/verify";
import { contactCardShape } from "./contactCard.ts";
import { AnamnesisError } from "./errors.ts";
import { pidOf } from "./ids.ts";
import { credentialFields } from "./registration.ts";
import type { Pid } from "./ids.ts";
import { limits } from "./limits.ts";
import {
  blob,
  bytes,
  document,
  flag,
  list,
  literal,
  matching,
  object,
  oneOf,
  optional,
  text,
  uint,
} from "./shape.ts";
import type { Shaped } from "./shape.ts";

/** For one category of one visit: what an author needs to seal records under a tag. */
export const tokenEntryShape = object({
  category: text(32, 1),
  /** Sensitive records have tags of their own, so that a grant can leave them out. */
  sensitive: flag,
  tag: bytes(BYTES.tag),
  ek: bytes(BYTES.ekTag),
  addressKey: bytes(32),
});

/** FHIR administrative genders. */
export const sexes = ["male", "female", "other", "unknown"] as const;

const statedShape = object({
  name: optional(text(128, 1)),
  birthDate: optional(
    matching<string>(
      "a date: YYYY, YYYY-MM or YYYY-MM-DD",
      /^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?$/,
    ),
  ),
  sex: optional(oneOf(...sexes)),
  /** Numbers by which the patient is known there, each with its FHIR identifier system. */
  identifiers: optional(list(object({ system: text(256, 1), value: text(128, 1) }), 16)),
});
/** What a patient says about themself, which nobody has checked. What is absent was not said. */
export type Stated = Shaped<typeof statedShape>;

const tokenShape = object({
  v: literal(1),
  suite: literal("MRS-V1"),
  chain: text(64),
  institution: text(64),
  key: bytes(32),
  A: bytes(BYTES.g2),
  epoch: text(8),
  notAfter: uint,
  entries: list(tokenEntryShape, limits.visitTokenEntries, 1),
  /** Where notices and further requests about this visit go. */
  contact: contactCardShape,
  /** Among it the name by which the patient wants to be known there. */
  stated: statedShape,
});

/** Visit token: handed to one doctor, sealed; the visit key signs all of it, card and statements included. */
export type VisitToken = Shaped<typeof tokenShape>;
export const visitToken = document("Visit token", tokenShape, limits.visitTokenBytes);

const signedTokenShape = object({
  v: literal(1),
  token: blob(limits.visitTokenBytes),
  /** By the visit key, type VISIT-TOKEN, over the token's bytes. */
  signature: bytes(64),
  /** The patient's certificate and registration, and the certified key's signature over pid, type PATIENT-VISIT. */
  ...credentialFields,
  certified: bytes(64),
});
export type SignedVisitToken = Shaped<typeof signedTokenShape>;
export const signedVisitToken = document("Signed visit token", signedTokenShape);

export const tokenPid = (token: VisitToken): Pid => pidOf(token.key);

/** Bytes that the patient's certified key signs to vouch for a visit (PATIENT-VISIT) or a grant (PATIENT-GRANT). */
export const vouched = (id: string): Uint8Array => encodeCanonical([fromHex(id)]);

/**
 * Opens a signed token and checks the visit's and the patient's signature.
 * @param patientKey - Ed25519 key of the certificate, which the caller has verified.
 * @throws {AnamnesisError} SIGNATURE_INVALID, MALFORMED (an entry or a tag stands in it twice) and those of decoding.
 */
export function verifyVisitToken(signed: SignedVisitToken, patientKey: Uint8Array): VisitToken {
  const token = visitToken.decode(signed.token);
  assertDistinct(token);
  if (
    !verifySignature({
      type: "VISIT-TOKEN",
      message: signed.token,
      publicKey: token.key,
      signature: signed.signature,
    })
  ) {
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Visit token refused: the visit key's signature does not verify",
    );
  }
  if (
    !verifySignature({
      type: "PATIENT-VISIT",
      message: vouched(tokenPid(token)),
      publicKey: patientKey,
      signature: signed.certified,
    })
  ) {
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Visit token refused: the patient's signature over the visit does not verify",
    );
  }
  return token;
}

/** The entry under which a record is written. */
export const entryFor = (
  { entries }: Pick<VisitToken, "entries">,
  record: { readonly category: string; readonly sensitive: boolean },
): VisitToken["entries"][number] | undefined =>
  entries.find(
    ({ category, sensitive }) => category === record.category && sensitive === record.sensitive,
  );

function assertDistinct({ entries }: VisitToken): void {
  const kinds = new Set(entries.map(({ category, sensitive }) => `${category} ${sensitive}`));
  const tags = new Set(entries.map(({ tag }) => toHex(tag)));
  if (kinds.size !== entries.length || tags.size !== entries.length)
    throw new AnamnesisError(
      "MALFORMED",
      "Visit token refused: a category or a tag stands in it twice",
    );
}
