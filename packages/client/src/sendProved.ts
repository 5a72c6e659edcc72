import { pause } from "@anamnesis/http";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Session } from "./session.ts";
import { carriersOf, postSlip } from "./submit.ts";
import type { CarriedFor, SignedSlip } from "./submit.ts";

/** A member that proves may be a moment behind the one that carried. */
const TRIES = 3;
const TRY_AFTER_MS = 250;
/** Carriers that say OK without a proof coming of it, before the owner is told that it is only sent. */
const CARRIERS = 4;

/** What became of a slip: `proven` by the chain; or what keeps it from being sent, or proven (PROOF_INVALID). */
export type Sent<T> =
  | { readonly proven: T }
  | { readonly proven: undefined; readonly failure: AnamnesisError | undefined };

/**
 * Sends a slip by one member after the other until the chain proves what it says (D14): a member that answers OK and drops it
 * is found out and passed over.
 *
 * @param prove - What the chain proves of it now, `undefined` while it proves nothing.
 */
export async function sendProved<T>(
  session: Session,
  slip: SignedSlip,
  prove: () => Promise<T | undefined>,
  carriedFor?: CarriedFor,
): Promise<Sent<T>> {
  const carriers = carriersOf(session, slip, carriedFor);
  for (let first = 0; first < Math.min(CARRIERS, carriers.length); first += 1) {
    const order = [...carriers.slice(first), ...carriers.slice(0, first)];
    try {
      await postSlip(session, slip, carriedFor, order);
      const proven = await soonProven(prove);
      if (proven !== undefined) return { proven };
    } catch (error) {
      return { proven: undefined, failure: asFailure(error) };
    }
  }
  return { proven: undefined, failure: undefined };
}

/** @throws What is not a matter of asking again: every failure but absence and silence. */
export async function soonProven<T>(prove: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 1; ; tries += 1) {
    const proven = await provenNow(prove);
    if (proven !== undefined || tries === TRIES) return proven;
    await pause(TRY_AFTER_MS);
  }
}

async function provenNow<T>(prove: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await prove();
  } catch (error) {
    if (error instanceof AnamnesisError && unproven.has(error.code)) return undefined;
    throw error;
  }
}

const unproven: ReadonlySet<string> = new Set(["NOT_FOUND", "UNAVAILABLE", "NOT_YET"]);

/** @throws What is no answer of the chain. */
function asFailure(error: unknown): AnamnesisError {
  if (error instanceof AnamnesisError) return error;
  throw error;
}
