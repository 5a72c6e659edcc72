/** What patient, author and granted reader may do: open records. Servers do not import this. */
export { addressKey, openObjectId } from "./addressKey.ts";
export type { ByteReader } from "./byteReader.ts";
export type { OpenAsAuthorInput, OpenAsPatientInput, SealedHead } from "./contentKey.ts";
export { openAsAuthor, openAsPatient } from "./contentKey.ts";
export type { RecordHeader } from "./header.ts";
export type { StoredRecord } from "./objectHead.ts";
export { readStoredRecord } from "./objectHead.ts";
export type { OpenBodyInput, OpenedRecord } from "./openBody.ts";
export { openBody, openBodyBytes } from "./openBody.ts";
export type { RecordMeta } from "./plaintext.ts";
export type {
  GrantedTag,
  OpenAsReaderInput,
  OpenGrantInput,
  ReaderGrant,
  ShareReply,
} from "./readerGrant.ts";
export { blameShares, openAsReader, openGrant, replyKey } from "./readerGrant.ts";
export type { ShareEvidence } from "./shareProof.ts";
export { verifyShareProof } from "./shareProof.ts";
