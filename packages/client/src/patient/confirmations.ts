import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { RecordView, Slip } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { RecordItem } from "../items.ts";
import { proveSlip } from "../proofs/prove.ts";
import type { Session } from "../session.ts";

const AT_ONCE = 8;

/** Slip ids of proven confirmations, by digest: a confirmation that stood once stands. */
type Proven = RecordItem["confirmations"];

/** @throws {AnamnesisError} PROOF_INVALID unless the slip confirms this version of this record. */
export function assertConfirms(slip: Slip, record: string, digest: string): void {
  const confirms =
    slip.kind === "record.confirm" &&
    toHex(slip.fields.record) === record &&
    toHex(slip.fields.digest) === digest;
  if (!confirms)
    throw new AnamnesisError("PROOF_INVALID", "The slip shown does not confirm this version");
}

/**
 * Which of the confirmations that a member lists are proven, by what the device knows or by asking (D14): a node that shows a
 * record as confirmed is not believed.
 */
export async function provenConfirmations(
  session: Session,
  chain: string,
  { record, confirmed }: RecordView,
  known: Proven,
): Promise<Proven> {
  const entries = await inParallel(confirmed, AT_ONCE, async ({ digest, slip }) => {
    const before = known[digest];
    if (before !== undefined) return [[digest, before] as const];
    try {
      assertConfirms((await proveSlip(session, chain, slip)).slip, record, digest);
      return [[digest, slip as string] as const];
    } catch (error) {
      if (error instanceof AnamnesisError) return [];
      throw error;
    }
  });
  return { ...known, ...Object.fromEntries(entries.flat()) };
}
