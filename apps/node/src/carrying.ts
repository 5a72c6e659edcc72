import { randomBytes } from "@anamnesis/crypto/verify";
import type { Machine, StateView } from "@anamnesis/ledger";
import { AnamnesisError, decodeSlip, limits, slipCodes } from "@anamnesis/protocol";
import type {
  Group,
  InstitutionId,
  SignatureCheck,
  Slip,
  SlipCode,
  SlipId,
} from "@anamnesis/protocol";
import type { SlipOutcome } from "./chain.ts";
import type { Verify } from "./engine.ts";

/** A slip that waits to be carried: its form, key and signature hold. */
export interface Waiting {
  readonly slip: Slip;
  readonly resolve: (outcome: SlipOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Judges each slip by itself before it is grouped, so that nobody's bad slip refuses another's: form, chain, key,
 * signature, and what `advise` says.
 *
 * @param context.advise - The state rules where this node's state is the newest; a follower's may lag, so there the
 * writer alone judges.
 * @returns For each slip, in order: the decoded slip, or the outcome that refuses it.
 */
export async function sift(
  slips: readonly Uint8Array[],
  context: {
    machine: Machine;
    state: StateView;
    carrier: InstitutionId;
    verify: Verify;
    advise: (alone: Group) => SlipCode;
  },
): Promise<readonly (Slip | SlipOutcome)[]> {
  const { machine, state, carrier, verify, advise } = context;
  const judged = slips.map((bytes) => judge(bytes));
  const results = await verify(judged.flatMap(({ checks }) => checks));
  let at = 0;
  return judged.map(({ entry, checks }) => {
    const holds = checks.every(() => results[at++] === true);
    return holds || "code" in entry ? entry : { id: entry.id, code: "SLIP_SIGNATURE" };
  });

  function judge(bytes: Uint8Array): {
    entry: Slip | SlipOutcome;
    checks: readonly SignatureCheck[];
  } {
    const slip = decoded(bytes);
    if (typeof slip === "string") return { entry: { id: "" as SlipId, code: slip }, checks: [] };
    const alone: Group = {
      chain: machine.genesis.chain,
      carrier,
      slips: [slip],
      signature: noSignature,
      bytes: noBytes,
    };
    try {
      // The first check is the carrier's, which is made when the group is.
      const [, ...checks] = machine.signatures(state, alone);
      const code = advise(alone);
      return code === "OK" ? { entry: slip, checks } : { entry: { id: slip.id, code }, checks: [] };
    } catch (error) {
      return { entry: { id: slip.id, code: codeOf(error) }, checks: [] };
    }
  }
}

const noSignature = new Uint8Array(64);
const noBytes = new Uint8Array(0);

/** The slip, or the code that refuses its form. */
function decoded(bytes: Uint8Array): Slip | SlipCode {
  try {
    return decodeSlip(bytes);
  } catch (error) {
    return codeOf(error);
  }
}

/** The slip code of an error; anything else is a bug and goes on. */
export function codeOf(error: unknown): SlipCode {
  if (error instanceof AnamnesisError && Object.hasOwn(slipCodes, error.code))
    return error.code as SlipCode;
  throw error;
}

/** In an order that says nothing of who came first (design section 4), in lots of at most 64. */
export function shuffledLots<T>(waiting: readonly T[]): T[][] {
  const order = [...waiting];
  const random = new DataView(randomBytes(4 * Math.max(1, order.length)).buffer);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.getUint32(4 * i) % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const lots: T[][] = [];
  for (let at = 0; at < order.length; at += limits.groupSlips)
    lots.push(order.slice(at, at + limits.groupSlips));
  return lots;
}
