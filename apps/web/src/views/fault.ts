import type { DenialCode } from "@anamnesis/protocol";
import type { TermId } from "../i18n/enTerms.ts";

/** What a person is told for a code of the protocol. */
const faults: Readonly<Record<string, TermId>> = {
  UNAVAILABLE: "fault.away",
  WRITER_AWAY: "fault.writerAway",
  NOT_RUNNING: "fault.away",
  NOT_YET: "fault.away",
  STALE_CHAIN: "fault.away",
  TOO_FEW_PROXIES: "fault.fewProxies",
  TOO_FEW_VAULTS: "fault.fewVaults",
  BUSY: "fault.busy",
  RATE_LIMITED: "fault.busy",
  STORAGE_FULL: "fault.busy",
  NO_ACCESS: "fault.noAccess",
  FORBIDDEN: "fault.noAccess",
  GRANT_NOT_HELD: "fault.noAccess",
  TAG_NOT_GRANTED: "fault.noAccess",
  RECORD_NOT_GRANTED: "fault.noAccess",
  NOT_FOR_THIS_ROLE: "fault.noAccess",
  GRANT_NOT_LIVE: "fault.accessEnded",
  GRANT_REVOKED: "fault.accessEnded",
  GRANT_EXPIRED: "fault.accessEnded",
  GRANT_UNKNOWN: "fault.accessEnded",
  OUTSIDE_GRANT_TIME: "fault.accessEnded",
  ACTION_NOT_GRANTED: "fault.purpose",
  PURPOSE_NOT_GRANTED: "fault.purpose",
  E_DECRYPT: "fault.changed",
  DIGEST_MISMATCH: "fault.changed",
  OBJECT_CORRUPT: "fault.changed",
  AUTHOR_UNVERIFIED: "fault.signature",
  PROOF_INVALID: "fault.signature",
  NOT_FOUND: "fault.notFound",
  RECORD_UNKNOWN: "fault.notFound",
  DIGEST_NOT_NEWEST: "fault.newer",
  ALREADY_CONFIRMED: "fault.answered",
  ALREADY_DISPUTED: "fault.answered",
  REQUEST_CLOSED: "fault.answered",
  TOO_LARGE: "fault.tooLarge",
  PATIENT_AWAY: "fault.away.patient",
  EXPIRY_TOO_FAR: "fault.tooFar",
  EXPIRY_IN_PAST: "fault.past",
  BOX_FULL: "fault.box",
  STORE_CORRUPT: "fault.device",
  PASSPHRASE_REQUIRED: "fault.device",
  UNSUPPORTED_VERSION: "fault.device",
  CERTIFICATE_INVALID: "fault.certificate",
  CERTIFICATE_REVOKED: "fault.certificate",
  CERTIFICATE_EXPIRED: "fault.certificate",
  CERTIFICATE_NOT_LIVE: "fault.certificate",
};

export const faultOf = (code: string): TermId => faults[code] ?? "fault.other";

/** Codes that say "not for you (any more)" and not "something broke". */
const denials = new Set<TermId>(["fault.noAccess", "fault.accessEnded", "fault.purpose"]);

export const isDenial = (code: string): boolean => denials.has(faultOf(code));

/** Why a proxy turned somebody away, in the words of the access log. */
export function denialOf(code: DenialCode): TermId {
  const fault = faultOf(code);
  if (fault === "fault.accessEnded") return "denial.ended";
  if (fault === "fault.noAccess") return "denial.outside";
  if (fault === "fault.purpose") return "denial.purpose";
  return fault === "fault.certificate" ? "denial.person" : "denial.other";
}
