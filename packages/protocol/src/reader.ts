import { enc, encodeCanonical, equalBytes, sha256 } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { staffRoles } from "./enrolment.ts";
import { institutionIdShape } from "./ids.ts";
import { bytes, oneOf, variants } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/** In CBOR `["certificate", fingerprint]` or `["institution", id, role]`. */
export const readerShape = variants("kind", {
  certificate: { fingerprint: bytes(32) },
  institution: { id: institutionIdShape, role: oneOf(...staffRoles) },
});
/** Whom a grant is for: the holder of one certificate, or whoever an institution has in a role. */
export type Reader = Shaped<typeof readerShape>;

/** A reader and the 32 random bytes that hide it on the chain until it acts. */
export interface SaltedReader {
  readonly reader: Reader;
  readonly salt: Uint8Array;
}

/** SHA-256(enc(salt, canonical CBOR of the reader)): what `grant.publish` says of its reader. */
export const readerCommitment = ({ reader, salt }: SaltedReader): Uint8Array =>
  sha256(enc(salt, encodeCanonical(readerShape.cbor.write(reader) as CborValue)));

/** The holder of a certificate; `fingerprint` is 32 bytes. */
export interface Holder {
  readonly fingerprint: Uint8Array;
  readonly institution: string;
  readonly role: string;
}

/** Whether the holder of a certificate is the reader. Whether the certificate counts now is another question. */
export const isReader = (reader: Reader, { fingerprint, institution, role }: Holder): boolean =>
  reader.kind === "certificate"
    ? equalBytes(reader.fingerprint, fingerprint)
    : reader.id === institution && reader.role === role;
