/** Slips of the care chain that a visit's key signs, or lets be signed: for tests of ledger and node. Labels name keys and bytes. */
import { fromHex } from "@anamnesis/crypto/verify";
import { makePermit, pidOf, signForeignContent } from "@anamnesis/protocol";
import type { ChainId, Permit, SlipFields } from "@anamnesis/protocol";
import { hospital } from "./federation.ts";
import { bytesOf, keyOf, sealedIdOf, signer } from "./keys.ts";

/** The pid of the visit that this key opened. */
export const pidOfVisit = (visit: string): Uint8Array => fromHex(pidOf(keyOf(visit).publicKey));

/** `by` signs for the visit, and `to` does from then on. */
export const claimFields = (
  visit: string,
  by: string,
  to: string,
): SlipFields<"session.claim"> => ({
  key: keyOf(by).publicKey,
  pid: pidOfVisit(visit),
  newKey: keyOf(to).publicKey,
});

/** A record of the patient's own; all but whose it is follows from `label`. */
export const ownFields = (
  visit: string,
  label: string,
  by: string = visit,
): SlipFields<"record.own"> => ({
  institution: hospital,
  key: keyOf(by).publicKey,
  pid: pidOfVisit(visit),
  tag: bytesOf(`tag ${label}`, 16),
  digest: bytesOf(`digest ${label}`),
  sealedId: sealedIdOf(`sealed ${label}`),
});

/** Which version comes after which, of which record. */
export interface NextVersion {
  readonly record: Uint8Array;
  readonly before: Uint8Array;
  readonly digest: Uint8Array;
}

export const rewrapFields = (by: string, next: NextVersion): SlipFields<"record.rewrap"> => ({
  key: keyOf(by).publicKey,
  ...next,
  sealedId: sealedIdOf("rewrapped"),
});

/** An author of another institution: the certificate that they name, and the key in it. */
export const foreignAuthor = (name: string): { author: Uint8Array; authorKey: Uint8Array } => ({
  author: bytesOf(`certificate of ${name}`),
  authorKey: keyOf(name).publicKey,
});

export const permitFor = (
  visit: string,
  author: string,
  until: Omit<Permit, "signature">,
): Permit => makePermit(foreignAuthor(author), until, signer(keyOf(visit)));

/** An amendment by a foreign author; with a permit it is theirs to sign, else the visit's. */
export function foreignFields(
  chain: ChainId,
  { visit, author, permit }: { visit: string; author: string; permit: Permit | null },
  next: NextVersion,
): SlipFields<"record.amendForeign"> {
  const content = { ...next, ...foreignAuthor(author), sealedId: sealedIdOf("foreign") };
  return {
    ...content,
    key: keyOf(visit).publicKey,
    authorSignature: signForeignContent(chain, content, signer(keyOf(author))),
    permit,
  };
}
