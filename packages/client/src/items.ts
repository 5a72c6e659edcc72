import type { RecordLabel } from "@anamnesis/crypto/seal";
import type { Credential, PostProof, Purpose, Stated } from "@anamnesis/protocol";
import type { Affiliation } from "./device.ts";
import type { EarlierSubject } from "./doctor/whose.ts";

/**
 * What a device remembers, one sealed file per item. Every value is canonical CBOR: byte strings, texts, whole numbers
 * (times in Unix milliseconds), lists, and `null` for what is absent. Ids are lower-case hex.
 */

/** What records of one kind are written under. */
export interface VisitEntry {
  readonly category: string;
  readonly sensitive: boolean;
  readonly tag: Uint8Array;
}

/** A visit of the patient. Its keys come from the seed and `salt`. Key: pid. */
export interface VisitItem {
  readonly pid: string;
  readonly salt: Uint8Array;
  readonly institution: string;
  readonly chain: string;
  readonly epoch: string;
  readonly openedAt: number;
  /** Unix milliseconds after which tokens of this visit are not used any more. */
  readonly notAfter: number;
  readonly entries: readonly VisitEntry[];
  /** Box of this visit at the institution's node; `null` where another box serves it (imported encounters). */
  readonly box: Uint8Array | null;
  /** Whether `session.open` is on the chain. */
  readonly open: boolean;
}

/** A token request that was answered: pid per wanted visit. Key: fingerprint of the doctor and id of the request. */
export interface AnsweredItem {
  readonly time: number;
  readonly pids: readonly string[];
}

/** The patient's own box for whoever knows the attested identifier. Key: "contact". */
export interface ContactBoxItem {
  readonly institution: string;
  readonly box: Uint8Array;
}

/** What the patient's device knows of a record beyond the chain. Key: record id. */
export interface RecordItem {
  readonly record: string;
  readonly chain: string;
  readonly pid: string;
  /** Of opened versions, by digest. */
  readonly opened: Readonly<
    Record<string, { readonly title: string; readonly mediaType: string; readonly size: number }>
  >;
  /** Slip ids of own confirmations, by digest. */
  readonly confirmations: Readonly<Record<string, string>>;
  readonly disputes: Readonly<Record<string, { readonly slip: string; readonly reason: string }>>;
}

/**
 * The label of a version, by which lists show it: the patient's own, or one that this doctor wrote. Of granted records nothing
 * is kept. Key: digest of the version.
 */
export interface LabelItem {
  readonly record: string;
  readonly digest: string;
  readonly label: RecordLabel;
  readonly time: number;
}

/** An access request, at the patient's (received) or the doctor's (made). Key: slip id of the request. */
export interface RequestItem {
  readonly request: string;
  /** The signed body (canonical CBOR of the protocol's AccessRequest). */
  readonly body: Uint8Array;
  /** Whom it concerns: the doctor's fingerprint at the patient's, the patient's at the doctor's. */
  readonly party: string;
  readonly partyName: string;
  readonly institution: string;
  readonly time: number;
  /** `open`, `granted` or `refused`. */
  readonly state: string;
  /** The grant that answered it. */
  readonly gid: string | null;
  readonly closedAt: number | null;
}

/** A grant that the patient gave. Key: gid. */
export interface GrantGivenItem {
  readonly gid: string;
  readonly salt: Uint8Array;
  readonly grant: Uint8Array;
  readonly digest: Uint8Array;
  readonly reader: string;
  readonly readerName: string;
  readonly readerInstitution: string;
  /** Categories of the grant's tags, in order. */
  readonly categories: readonly string[];
  readonly request: string | null;
  readonly time: number;
  /** `dealt`, `sent` once a member said that it took it, `published` once the chain proved it. */
  readonly state: string;
  /** When a revocation was sent, Unix milliseconds. */
  readonly revocationSent: number | null;
  /** When it was revoked, as the chain proved it once; nothing else says that it is. */
  readonly revokedAt: number | null;
  /** Per proxy index that signed an erasure receipt: when, Unix milliseconds. */
  readonly receipts: Readonly<Record<string, number>>;
}

/** A grant that the doctor holds. Key: gid. */
export interface GrantReceivedItem {
  readonly gid: string;
  /** SHA-256 of its message, hex: where that is kept. */
  readonly name: string;
  readonly patient: string;
  readonly patientName: string;
  readonly time: number;
}

/** The protocol's GrantMessage of a grant that the doctor holds: megabytes, read once. Key: its SHA-256, hex. */
export interface GrantMessageItem {
  readonly message: Uint8Array;
}

/** A visit token at the doctor's. Key: pid. */
export interface TokenItem {
  readonly pid: string;
  /** The protocol's SignedVisitToken. */
  readonly token: Uint8Array;
  readonly patient: string;
  readonly patientName: string;
  /** `visit`: the patient opened a visit and handed it over. `import`: asked for, one per encounter. */
  readonly kind: string;
  readonly notAfter: number;
  /** The encounter that uses it, as SHA-256 over patient and fullUrl (hex), or `null`. */
  readonly usedFor: string | null;
  /** The request that it answers, `ID/INDEX`; `null` where it came unasked. */
  readonly answers: string | null;
  readonly time: number;
}

/** An entry of the doctor's address book: a box in which a patient reads. Key: patient and box id. */
export interface ContactItem {
  readonly patient: string;
  readonly name: string;
  /** Canonical CBOR of a ContactCard. */
  readonly card: Uint8Array;
  readonly time: number;
}

/** A record that this doctor wrote. Key: record id. */
export interface WrittenItem {
  readonly record: string;
  readonly chain: string;
  readonly pid: string;
  readonly tag: string;
  readonly category: string;
  readonly sensitive: boolean;
  readonly title: string;
  readonly patient: string;
  readonly patientName: string;
  readonly time: number;
  /** What it is a version of, as its label says; `null` where that says nothing. */
  readonly series: string | null;
  /** A name for what its newest version here holds of the file it came from; `null` while none is known to be on the chain. */
  readonly source: string | null;
  /** A version that was sent, until the chain's answer came: where it never did, the chain is asked at the next import. */
  readonly pending: {
    readonly slip: string;
    readonly source: string;
    readonly title: string;
  } | null;
  /** What a patient wrote when disputing, by digest; `null` where only words came that the dispute does not commit to. */
  readonly disputes: Readonly<Record<string, string | null>>;
}

/** Whom earlier imports for a patient were about, as their files said, the newest first. Key: the patient's fingerprint. */
export interface SubjectItem {
  readonly patient: string;
  readonly subjects: readonly EarlierSubject[];
}

/** A refusal by a proxy whose kept request this device has seen and verified. Key: slip id of the `usage.denied`. */
export interface DenialItem {
  readonly evidence: Uint8Array;
}

/**
 * Uses that were proven: the slip, and what proxies served under an intent (`purpose`, digests in hex, the proxies' indices).
 * Key: a grant's id or a visit's, and a number from 0.
 */
export interface ProvenUsesItem {
  readonly uses: readonly {
    readonly slip: Uint8Array;
    readonly served: {
      readonly purpose: Purpose;
      readonly digests: readonly string[];
      readonly proxies: readonly number[];
    } | null;
  }[];
}

/** Somebody asked the registry for the patient's contact card. Key: time and a random part. */
export interface LookupItem {
  readonly time: number;
  readonly text: string;
}

/** Whom this device dealt with under a name. Key: institution, role and name as JSON. Fingerprints of certificates. */
export interface KnownItem {
  readonly accepted: readonly string[];
  /** Came under the same name later, and the user was not asked yet. */
  readonly waiting: readonly string[];
}

/** A message whose box could not be reached. Key: random. */
export interface LetterItem {
  readonly institution: string;
  readonly box: Uint8Array;
  readonly sealed: Uint8Array;
  readonly proof: PostProof | null;
  readonly time: number;
}

export interface ItemKinds {
  certificate: Credential;
  /** The other certificates of this person. Key: institution and role as JSON. */
  affiliation: Affiliation;
  contactBox: ContactBoxItem;
  visit: VisitItem;
  answered: AnsweredItem;
  record: RecordItem;
  label: LabelItem;
  request: RequestItem;
  grantGiven: GrantGivenItem;
  grantReceived: GrantReceivedItem;
  grantMessage: GrantMessageItem;
  token: TokenItem;
  contact: ContactItem;
  written: WrittenItem;
  subject: SubjectItem;
  lookup: LookupItem;
  denial: DenialItem;
  provenUses: ProvenUsesItem;
  known: KnownItem;
  letter: LetterItem;
  /** What the patient says about themself at every visit. Key: "own". */
  stated: Stated;
  /** The owner's rules. Key: "rules". */
  rules: { readonly answerTokenRequests: boolean };
}
export type ItemKind = keyof ItemKinds;
