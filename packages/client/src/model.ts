/**
 * What the workflows give to faces (CLI, portal): plain data, no text to show. Ids are lower-case hex, times Unix
 * milliseconds.
 */
import type { RecordLabel, RecordMeta } from "@anamnesis/crypto/open";
import type { PassedVault } from "./vaultChoice.ts";
import type { Action, DenialCode, Purpose } from "@anamnesis/protocol";

/** A certified person, as their verified certificate names them. */
export interface PersonView {
  readonly fingerprint: string;
  readonly name: string;
  readonly role: string;
  readonly institution: string;
}

export type RecordState = "unconfirmed" | "confirmed" | "disputed";

export interface VersionSummary {
  /** 1 is the first. `ID@n` names this version. */
  readonly n: number;
  readonly slip: string;
  readonly digest: string;
  readonly time: number;
  readonly state: RecordState;
  readonly author: PersonView;
  /** At its author's, of a disputed version: why. */
  readonly dispute?: DisputeView;
}

/**
 * Why a patient disputes a version: `signed` are words that their dispute on the chain commits to; `mismatch`: only others
 * came, which are not shown; `missing`: none came.
 */
export type DisputeView =
  | { readonly reason: "signed"; readonly text: string }
  | { readonly reason: "mismatch" | "missing" };

/** One record as a list shows it; `state`, `author` and `time` are those of the newest version. */
export interface RecordSummary {
  readonly id: string;
  readonly chain: string;
  readonly institution: string;
  readonly pid: string;
  readonly tag: string;
  readonly category: string;
  /** At its patient's and its author's. */
  readonly sensitive?: boolean;
  /** What its newest version says of itself: title, clinical period, type, series, sensitivity. Known once it was read. */
  readonly label?: RecordLabel;
  /** The label's; or the name inside, once some version was opened on this device. */
  readonly title?: string;
  readonly mediaType?: string;
  readonly size?: number;
  readonly state: RecordState;
  readonly author: PersonView;
  readonly time: number;
  readonly versions: readonly VersionSummary[];
  /** At a doctor's: whose record it is, by the name that the patient gave. */
  readonly patient?: { readonly fingerprint: string; readonly name: string };
  /** At a doctor's: the grant that opens it, `undefined` for what they wrote themselves. */
  readonly gid?: string;
}

/**
 * An opened record. Everything that can be known before the content (chain, signatures, consent) has been verified;
 * the content verifies chunk by chunk as it is read, and as a whole when `finished` resolves. Whoever reads `content`
 * throws away what it took if either fails. `content` can be read once.
 */
export interface OpenRecord {
  readonly record: RecordSummary;
  /** The version that is open, 1…; `digest` is the one on chain. */
  readonly version: VersionSummary;
  readonly content: ReadableStream<Uint8Array>;
  readonly finished: Promise<RecordMeta>;
  /** Indices of proxies that gave wrong shares, proven (doctors only). */
  readonly faultyProxies: readonly number[];
  /** Vaults that were asked before one gave the record; right once `finished` resolves. */
  readonly passedVaults: readonly PassedVault[];
}

/** A received or made access request. */
export interface RequestSummary {
  readonly id: string;
  readonly state: "open" | "granted" | "refused";
  readonly time: number;
  /** Who asks (at the patient's), or whom it was put to (at the doctor's: `name` as the patient gave it). */
  readonly party: PersonView;
  /** `undefined`: every category. */
  readonly categories?: readonly string[];
  readonly records?: readonly string[];
  /** Whether sensitive records are asked for, too. */
  readonly sensitive: boolean;
  readonly actions: readonly Action[];
  readonly purpose: Purpose;
  readonly until: number;
  readonly text: string;
  readonly gid?: string;
  readonly closedAt?: number;
  /** Where it was just made: the institution whose node did not take the message, which is kept and sent later. */
  readonly waitsFor?: string;
}

/**
 * By a proof of the chain. `granting` and `revoking`: sent, not yet confirmed by one. `stopped`: so many proxies erased their
 * shares that nothing opens any more, and the chain does not say so yet.
 */
export type GrantStatus =
  | "live"
  | "granting"
  | "revoking"
  | "stopped"
  | "revoked"
  | "expired"
  | "unpublished";

export interface GrantSummary {
  readonly id: string;
  readonly status: GrantStatus;
  /** At the patient's the reader, at the doctor's the patient (role `patient`). */
  readonly party: PersonView;
  readonly categories: readonly string[];
  /** `undefined`: every record of its tags. */
  readonly records?: readonly string[];
  readonly actions: readonly Action[];
  readonly purposes: readonly Purpose[];
  readonly notBefore: number;
  readonly until: number;
  readonly revokedAt?: number;
  readonly request?: string;
  /** Proxies that signed that they erased their shares. */
  readonly receipts: readonly number[];
  /** Where a grant was just given: the institution whose node did not take the reader's message, which is kept and sent later. */
  readonly waitsFor?: string;
}

/**
 * What every line of the log says, the elements that Regulation (EU) 2025/327 asks of the log of a record system (annex II, 3.2):
 * who had the data, when, of which kinds, whence; and why.
 */
export interface LogElements {
  readonly time: number;
  readonly who: PersonView;
  /** Of the records, where it is known which; else what the grant or request covers. Absent: of every kind. */
  readonly categories?: readonly string[];
  /** Institutions that the data comes from. Absent: from each where the patient has been. */
  readonly origins?: readonly string[];
  /** By record id, of the records that are known and that this device has titles of. */
  readonly titles: Readonly<Record<string, string>>;
  /** What was said, the reader's purpose of an opening where a proxy tells it; else those of the grant. Empty: none is stated. */
  readonly purposes: readonly Purpose[];
  /** Whether one of the purposes is an emergency. */
  readonly emergency: boolean;
}

/** One line of "who looked": data, not text. `records` where known which ones. */
export type LogEntry = LogElements &
  (
    | { readonly what: "asked"; readonly request: string; readonly records?: readonly string[] }
    | { readonly what: "refused"; readonly request: string; readonly records?: readonly string[] }
    | {
        readonly what: "granted";
        readonly gid: string;
        readonly records?: readonly string[];
        readonly until: number;
        readonly request?: string;
      }
    | { readonly what: "revoked"; readonly gid: string; readonly receipts: readonly number[] }
    /** An intent on chain: from then on the records could be opened. `completed` once the reader closed it. */
    | {
        readonly what: "opened";
        readonly gid: string;
        readonly intent: string;
        /** What the intent announces; absent while it is not proven. */
        readonly action?: string;
        readonly records: readonly string[];
        /** Proxies whose evidence says which records; 0: none told (yet), so `records` is empty. */
        readonly witnesses: number;
        readonly completed?: number;
        /** Proxies with whose answers the reader opened, by the reader's word; known once they closed it. */
        readonly used?: readonly number[];
      }
    /**
     * A proxy turned the reader away and posted it; what the chain itself refused stands nowhere. `checked`: this device has
     * seen the reader's signed request for it; until then all of it is what the proxy says.
     */
    | {
        readonly what: "denied";
        readonly gid: string;
        readonly code: DenialCode;
        readonly proxy: number;
        readonly checked: boolean;
      }
    /** The author reread what they wrote. */
    | { readonly what: "reread"; readonly record: string; readonly slip: string }
    /** A notice says that somebody got the contact card from the registry; not proven, `who` is what the notice says. */
    | { readonly what: "lookedUp" }
  );

/** What a proof file shows, offline, under the federation's trust file. */
export interface CheckedProof {
  readonly ok: true;
  readonly chain: string;
  readonly institution: string;
  readonly record: string;
  readonly slip: string;
  readonly digest: string;
  readonly height: number;
  /** When the author made the slip, by their clock. */
  readonly time: number;
  readonly author: PersonView;
  /** Institutions whose signed heads say that it is on the chain. */
  readonly signers: readonly string[];
  /** Institutions that countersigned the page. */
  readonly countersigned: readonly string[];
  /** Whether the patient's confirmation is in the proof too. */
  readonly confirmed: boolean;
}
