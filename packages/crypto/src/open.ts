/** What patient, author and granted reader may do: open records. Servers do not import this. */
export { addressKey, openObjectId } from "./kem/addressKey.ts";
export type { ByteReader } from "./encoding/byteReader.ts";
export type { OpenAsAuthorInput, OpenAsPatientInput, SealedHead } from "./kem/contentKey.ts";
export { openAsAuthor, openAsPatient } from "./kem/contentKey.ts";
export type { RecordHeader } from "./record/header.ts";
export type { StoredRecord } from "./record/objectHead.ts";
export { readStoredRecord } from "./record/objectHead.ts";
export type { OpenBodyInput, OpenedRecord } from "./record/openBody.ts";
export { openBody, openBodyBytes } from "./record/openBody.ts";
export type { RecordMeta } from "./record/plaintext.ts";
export type {
  GrantedTag,
  OpenAsReaderInput,
  ReaderGrant,
  ShareReply,
} from "./grant/readerGrant.ts";
export { blameShares, checkedGrant, openAsReader, replyKey } from "./grant/readerGrant.ts";
export type { ShareEvidence } from "./grant/shareProof.ts";
export { verifyShareProof } from "./grant/shareProof.ts";
