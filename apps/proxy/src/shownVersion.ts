import { BYTES, decodeHeader, equalBytes, recordDigest, sha256 } from "@anamnesis/crypto/verify";
import type { RecordHeader } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  certificateLive,
  chainOf,
  decodeSlip,
  decodeSlipProof,
  fingerprintFrom,
  laterVersion,
  recordVersion,
  verifyConfirmation,
  verifySlipProof,
} from "@anamnesis/protocol";
import type {
  RecordVersion,
  ReencryptRequest,
  Slip,
  SlipProof,
  Trust,
  VerifySignature,
} from "@anamnesis/protocol";
import type { Consortium } from "./consortium.ts";

/** A version of a record as a reader shows it, read and not yet judged. */
export interface ShownVersion {
  readonly proof: SlipProof;
  readonly session: SlipProof;
  readonly version: RecordVersion;
  /** Another institution's author: whether they were certified is to be seen. */
  readonly foreign: Slip<"record.amendForeign"> | undefined;
  readonly header: Uint8Array;
  /** SHA-256 of the header: what the capsule is bound to. */
  readonly headerHash: Uint8Array;
  readonly capsules: Uint8Array;
  readonly bodyHash: Uint8Array;
  readonly confirmation: Uint8Array | null;
}

/** One capsule that may be answered for once `CheckCapsule`, the last check, has passed. */
export interface Released {
  readonly tag: Uint8Array;
  readonly capsule: Uint8Array;
  readonly ctx: Uint8Array;
  readonly digest: Uint8Array;
}

export function readShown(item: ReencryptRequest["items"][number]): ShownVersion {
  const proof = decodeSlipProof(item.record);
  const slip = decodeSlip(proof.slip);
  const foreign = slip.kind === "record.amendForeign" ? slip : undefined;
  const version = versionShown(slip, item.original);
  const headerHash = sha256(item.header);
  return { ...item, headerHash, proof, session: decodeSlipProof(item.session), version, foreign };
}

/** Whose record, of which visit and tag; that its slip stands on the chain is to be seen. */
function versionShown(slip: Slip, original: Uint8Array | null): RecordVersion {
  switch (slip.kind) {
    case "record.submit":
    case "record.amend":
    case "record.own":
      return recordVersion(slip);
    case "record.amendForeign":
    case "record.rewrap": {
      const version = original === null ? undefined : laterVersion(slip, decodeSlip(original));
      if (version === undefined)
        throw refuse("NOT_ON_CHAIN", `want the first slip of the record beside its ${slip.kind}`);
      return version;
    }
    default:
      throw refuse("NOT_ON_CHAIN", `want the proof of a record, not of ${slip.kind}`);
  }
}

/** The slip and its visit stand on the care chain, and what the reader shows is what the slip's digest says. */
export function capsuleIsOnChain(
  { version, proof, session, header, headerHash, capsules, bodyHash }: ShownVersion,
  trust: Trust,
  verify: VerifySignature,
): void {
  const genesis = chainOf(trust, version.chain);
  const proven = (shown: SlipProof): Slip =>
    verifyOnChain(() => verifySlipProof(genesis, shown, undefined, verify)).slip;
  const opened = proven(session);
  proven(proof);
  if (
    opened.kind !== "session.open" ||
    !equalBytes(sha256(opened.fields.key), version.pid) ||
    opened.fields.institution !== version.institution
  ) {
    throw refuse("NOT_ON_CHAIN", "the record's visit is not the one shown");
  }
  const shown = recordDigest({ headerHash, capsulesHash: sha256(capsules), bodyHash });
  if (!equalBytes(shown, version.digest))
    throw refuse("NOT_ON_CHAIN", "what is shown is not what the record's digest says");
  // Whoever signs a slip chooses its digest; only the record's own author could have put it over this header. What the patient
  // rewraps is theirs to choose.
  const { author, pid, tag } = readHeader(header);
  const isItsOwn =
    equalBytes(author, version.author ?? author) &&
    equalBytes(pid, version.pid) &&
    equalBytes(tag, version.tag);
  if (!isItsOwn) throw refuse("NOT_ON_CHAIN", "the header shown is another record's than the slip");
}

/** The chain of the record does not know other institutions' certificates: it took the author's word for their key. */
export async function foreignAuthorWasLive(
  { fields, notAfter }: Slip<"record.amendForeign">,
  consortium: Consortium,
): Promise<void> {
  const author = await consortium.certificate(fingerprintFrom(fields.author));
  const wasLive =
    author !== undefined &&
    author.role === "doctor" &&
    equalBytes(author.signingKey, fields.authorKey) &&
    certificateLive(author, notAfter);
  if (!wasLive)
    throw refuse("NOT_ON_CHAIN", "the author of another institution was not certified for this");
}

/** For anything but treatment a version counts only with the patient's word on it. */
export function versionIsConfirmed(
  { version, confirmation }: ShownVersion,
  trust: Trust,
  verify: VerifySignature,
): void {
  if (confirmation === null)
    throw refuse("NOT_CONFIRMED", "want the proof that the patient confirmed this version");
  try {
    verifyConfirmation(
      chainOf(trust, version.chain),
      decodeSlipProof(confirmation),
      version,
      verify,
    );
  } catch (cause) {
    throw new AnamnesisError(
      "NOT_CONFIRMED",
      "Refused: the proof that the patient confirmed this version does not hold",
      { cause },
    );
  }
}

function readHeader(header: Uint8Array): RecordHeader {
  try {
    return decodeHeader(header);
  } catch (cause) {
    throw new AnamnesisError("NOT_ON_CHAIN", "Refused: what is shown is no record's header", {
      cause,
    });
  }
}

function verifyOnChain<T>(verify: () => T): T {
  try {
    return verify();
  } catch (cause) {
    throw new AnamnesisError(
      "NOT_ON_CHAIN",
      "Refused: a proof of the record or its visit does not hold",
      { cause },
    );
  }
}

export function released({
  version: { tag, digest },
  headerHash,
  capsules,
}: ShownVersion): Released {
  const capsule = capsules.subarray(0, BYTES.capsule);
  return { tag, capsule, ctx: headerHash, digest };
}

export const refuse = (
  code: ConstructorParameters<typeof AnamnesisError>[0],
  why: string,
): AnamnesisError => new AnamnesisError(code, `Refused: ${why}`);
