/** What patient, author and granted reader may do: open records. Servers do not import this. */
export type { StoredPlace } from "./kem/addressKey.ts";
export { addressKey, openObjectId } from "./kem/addressKey.ts";
export type { OpenAsAuthorInput, OpenAsPatientInput, SealedHead } from "./record/contentKey.ts";
export { openAsAuthor, openAsPatient } from "./record/contentKey.ts";
export type { RecordHeader } from "./record/header.ts";
export type { StoredRecord } from "./record/objectHead.ts";
export { readStoredRecord } from "./record/objectHead.ts";
export type { RecordLabel } from "./record/label.ts";
export { openLabel, sameLabel } from "./record/label.ts";
export type { OpenBodyInput, OpenedRecord, OpeningBody } from "./record/openBody.ts";
export { openBody } from "./record/openBody.ts";
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
