import { InvariantError } from "@anamnesis/protocol";
import type { InstitutionId, Slip } from "@anamnesis/protocol";
import type { PlacedSlip } from "./view.ts";

/** The kinds that begin a record, and those that add a version to it. */
type FirstKind = "record.submit" | "record.own";
type LaterKind = "record.amend" | "record.amendForeign" | "record.rewrap";

/** One version of a record: what the slip that begins it (version 0) and each later one add. */
export interface RecordVersion {
  readonly kind: FirstKind | LaterKind;
  /** Id of the slip. */
  readonly slip: Slip["id"];
  readonly digest: Uint8Array;
  /** Every digest under which this content stood up to here, oldest first: more than its own after a `record.rewrap`. */
  readonly digests: readonly [Uint8Array, ...Uint8Array[]];
  readonly sealedId: Uint8Array;
  /** Of this content: a certificate's fingerprint, or the pid where the patient wrote it. */
  readonly author: Uint8Array;
  readonly time: number;
}

/** A record and its version 0. */
export interface RecordFirst extends RecordVersion {
  readonly kind: FirstKind;
  readonly institution: InstitutionId;
  readonly pid: Uint8Array;
  readonly tag: Uint8Array;
}

/** The record that a slip begins, if it begins one. */
export function firstVersion({ slip, stored }: PlacedSlip): RecordFirst | undefined {
  if (slip.kind !== "record.submit" && slip.kind !== "record.own") return undefined;
  const { kind, id, fields } = slip;
  const { pid, tag, digest, sealedId } = fields;
  const author = kind === "record.own" ? pid : slip.fields.cert;
  const { carrier: institution, time } = stored;
  const begun = { kind, slip: id, digest, digests: [digest] as const, sealedId, author, time };
  return { ...begun, institution, pid, tag };
}

/** What a later slip adds: content of its own, or what the version before it holds, sealed anew. */
export function laterVersion(
  before: RecordVersion,
  { slip, stored: { time } }: PlacedSlip,
): RecordVersion {
  if (!isLater(slip)) throw new InvariantError("a version leads to a slip that adds none");
  const { kind, id, fields } = slip;
  const { digest, sealedId } = fields;
  const added = { kind, slip: id, digest, sealedId, time };
  if (kind === "record.rewrap")
    return { ...added, digests: [...before.digests, digest], author: before.author };
  return { ...added, digests: [digest], author: "cert" in fields ? fields.cert : fields.author };
}

const isLater = (slip: Slip): slip is Slip<LaterKind> =>
  slip.kind === "record.amend" ||
  slip.kind === "record.amendForeign" ||
  slip.kind === "record.rewrap";
