/** What the slips of grants say in tests: a label names a grant, its key, salt and revoker; the reader is said. */
import { sha256 } from "@anamnesis/crypto/verify";
import { readerCommitment } from "@anamnesis/protocol";
import type { Reader, SaltedReader, SlipFields } from "@anamnesis/protocol";
import { bytesOf, keyOf } from "./keys.ts";

/** The reader who holds a certificate. */
export const holderOf = (fingerprint: Uint8Array): Reader => ({ kind: "certificate", fingerprint });

/** Somebody whom no test knows. */
const nobody = holderOf(bytesOf("nobody"));

export const gidBytesOf = (label: string): Uint8Array => sha256(keyOf(label).publicKey);

/** The label of the key that may end a grant beside its own. */
export const revokerOf = (label: string): string => `revoker of ${label}`;

/** What opens the commitment of a grant to its reader. */
export const openedReader = (label: string, reader: Reader = nobody): SaltedReader => ({
  reader,
  salt: bytesOf(`salt of ${label}`),
});

export const publishFields = (
  label: string,
  { expiresAt, reader = nobody }: { readonly expiresAt: number; readonly reader?: Reader },
): SlipFields<"grant.publish"> => ({
  key: keyOf(label).publicKey,
  digest: bytesOf(label),
  expiresAt,
  reader: readerCommitment(openedReader(label, reader)),
  revoker: gidBytesOf(revokerOf(label)),
});

/** @param by - Whose key ends the grant; its own by default. */
export const revokeFields = (label: string, by: string = label): SlipFields<"grant.revoke"> => ({
  gid: gidBytesOf(label),
  key: keyOf(by).publicKey,
});

/** An intent to read under a grant by the holder of a certificate, who is the grant's reader unless another is said. */
export const intentFields = (
  label: string,
  cert: Uint8Array,
  change: Partial<SlipFields<"usage.intent">> = {},
): SlipFields<"usage.intent"> => ({
  gid: gidBytesOf(label),
  cert,
  ...openedReader(label, holderOf(cert)),
  action: "read",
  proxies: [1, 2, 3],
  commitment: bytesOf("commitment"),
  ...change,
});
