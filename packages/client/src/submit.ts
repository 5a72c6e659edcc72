import { sign } from "@anamnesis/crypto/sign";
import { pause } from "@anamnesis/http";
import {
  AnamnesisError,
  chainOf,
  limits,
  makeSlip,
  parseChainId,
  slipKinds,
} from "@anamnesis/protocol";
import type { SlipFields, SlipKind, SlipKindRow, SlipOutcome } from "@anamnesis/protocol";
import { askMembers, SILENT_MS } from "./members/ask.ts";
import { membersInOrder } from "./members/order.ts";
import { standingOf } from "./members/standing.ts";
import type { Caller, NodeApi } from "./ports.ts";
import type { Session } from "./session.ts";

const RETRY_AFTER_MS = 500;

/** A slip as it is sent. */
export interface SignedSlip {
  readonly chain: string;
  readonly kind: SlipKind;
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** For whom a slip is carried that shows no visit of its own (S-9): by members who know the visit. */
export interface CarriedFor {
  /** The visit's chain. */
  readonly chain: string;
  readonly caller: Caller;
}

/** Makes a slip that is valid for five minutes, signed with the key of its kind. */
export function signedSlip<K extends SlipKind>(
  session: Pick<Session, "clock">,
  slip: {
    readonly chain: string;
    readonly kind: K;
    readonly fields: SlipFields<K>;
    readonly secretKey: Uint8Array;
  },
): SignedSlip {
  const time = session.clock();
  const header = {
    chain: parseChainId(slip.chain),
    time,
    notAfter: time + limits.clientNotAfterMs,
  };
  const { chain, kind } = slip;
  const made = makeSlip(kind, header, slip.fields, (type, message) =>
    sign({ type, message, secretKey: slip.secretKey }),
  );
  return { chain, kind, ...made };
}

/**
 * Posts a slip by any member that may carry it, and waits until it is durable. That it stands there already is no error: an
 * answer may have been lost, and others are sent the same bytes.
 *
 * @param members - Who is to carry it, first one first; default any that may.
 * @returns its id, on one member's word.
 * @throws {AnamnesisError} The slip's code; WRITER_AWAY, UNAVAILABLE, BUSY, STORAGE_FULL.
 */
export async function postSlip(
  session: Session,
  slip: SignedSlip,
  carriedFor?: CarriedFor,
  members: readonly string[] = carriersOf(session, slip, carriedFor),
): Promise<string> {
  const { chain, id, bytes } = slip;
  const standing = standingOf(session);
  const submit = async (node: NodeApi, member: string): Promise<void> => {
    try {
      const { height } = await node.submit(chain, bytes, carriedFor?.caller);
      standing.wrote(chain, height, member);
    } catch (error) {
      if (!(error instanceof AnamnesisError) || error.code !== "REPLAYED") throw error;
    }
  };
  await againIfLost(() => askMembers(session, chain, submit, members));
  return id;
}

/**
 * Posts slips of one chain and kind, at most 1,024. What stands there already counts as accepted.
 *
 * @returns an outcome each, in their order, on one member's word.
 * @throws {AnamnesisError} WRITER_AWAY, UNAVAILABLE, BUSY, STORAGE_FULL.
 */
export function postBatch(
  session: Session,
  slips: readonly SignedSlip[],
  members: readonly string[] = carriersOf(session, slips[0]!),
): Promise<readonly SlipOutcome[]> {
  const { chain } = slips[0]!;
  const bytes = slips.map((slip) => slip.bytes);
  const submit = async (node: NodeApi, member: string): Promise<readonly SlipOutcome[]> => {
    const results = await outcomesOf(node, chain, bytes);
    const heights = results.flatMap(({ height }) => (height === undefined ? [] : [height]));
    standingOf(session).wrote(chain, Math.max(0, ...heights), member);
    return results;
  };
  return againIfLost(() => askMembers(session, chain, submit, members));
}

/** An answer that got lost at once is asked for once more; for who stood still nobody waits twice. */
async function againIfLost<T>(send: () => Promise<T>): Promise<T> {
  const since = performance.now();
  try {
    return await send();
  } catch (error) {
    const isLost = error instanceof AnamnesisError && error.code === "UNAVAILABLE";
    if (!isLost || performance.now() - since > SILENT_MS) throw error;
    await pause(RETRY_AFTER_MS);
    return send();
  }
}

async function outcomesOf(
  node: NodeApi,
  chain: string,
  bytes: readonly Uint8Array[],
): Promise<readonly SlipOutcome[]> {
  const results = await node.submitBatch(chain, bytes);
  if (results.length !== bytes.length)
    throw new AnamnesisError(
      "MALFORMED",
      "The node answered for another number of slips than it was given",
    );
  return results.map((result) =>
    result.code === "REPLAYED" ? { ...result, code: "OK" as const } : result,
  );
}

/** Who may carry a slip, first one first: any member, or the institution alone (S-15). */
export function carriersOf(
  session: Pick<Session, "network" | "trust" | "random">,
  { chain, kind }: Pick<SignedSlip, "chain" | "kind">,
  carriedFor?: CarriedFor,
): readonly string[] {
  const { carrier }: SlipKindRow = slipKinds[kind];
  const { institution } = chainOf(session.trust, chain);
  if (carrier === "institution" && institution !== undefined) return [institution];
  return membersInOrder(session, carriedFor?.chain ?? chain);
}
