import { encodeCanonical, signatureInput } from "@anamnesis/crypto/verify";
import type { Permit } from "./kinds/row.ts";
import type { Slip, SlipHeader } from "./slips.ts";
import type { SlipFields } from "./slipKinds.ts";

/**
 * What stands signed inside a `record.amendForeign` (docs/spec/slips.md S-37): the author's word on the content, and the
 * visit's permit where the author signs the slip. A care chain does not know certificates of other institutions, so both are
 * judged under keys that the slip shows; that `authorKey` is the certificate's is for proxies and readers to check.
 */
type Sign = (type: string, message: Uint8Array) => Uint8Array;
type Fields = SlipFields<"record.amendForeign">;

const AUTHOR_TYPE = "FOREIGN-AUTHOR";
const PERMIT_TYPE = "PERMIT";

type Content = Pick<Fields, "record" | "before" | "digest" | "sealedId" | "author">;
const contentBytes = (chain: SlipHeader["chain"], content: Content): Uint8Array => {
  const { record, before, digest, sealedId, author } = content;
  return encodeCanonical([chain, record, before, digest, sealedId, author]);
};

/** The author's signature over a version that they wrote: `authorSignature`. @param sign - Under `authorKey`. */
export const signForeignContent = (
  chain: SlipHeader["chain"],
  content: Content,
  sign: Sign,
): Uint8Array => sign(AUTHOR_TYPE, contentBytes(chain, content));

/** The bytes under a slip's `authorSignature`. */
export const foreignContentInput = ({ chain, fields }: Slip<"record.amendForeign">): Uint8Array =>
  signatureInput(AUTHOR_TYPE, contentBytes(chain, fields));

type Author = Pick<Fields, "author" | "authorKey">;
type Until = Pick<Permit, "of" | "notAfter">;
const permitBytes = ({ author, authorKey }: Author, { of, notAfter }: Until): Uint8Array =>
  encodeCanonical([of, author, authorKey, notAfter]);

/**
 * A visit lets an author amend a record, or the records of a tag. The author's key is under the signature beside their
 * certificate: a permit stands on the chain once it was used, and must serve nobody who only says that they are its author.
 *
 * @param sign - Under the visit's key.
 */
export const makePermit = (author: Author, until: Until, sign: Sign): Permit => ({
  ...until,
  signature: sign(PERMIT_TYPE, permitBytes(author, until)),
});

/** The bytes under a permit's signature, for the author whom the slip names. */
export const permitInput = (author: Author, permit: Permit): Uint8Array =>
  signatureInput(PERMIT_TYPE, permitBytes(author, permit));
