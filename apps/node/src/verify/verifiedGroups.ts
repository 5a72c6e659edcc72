import { equalBytes } from "@anamnesis/crypto/verify";
import type { Machine, StateView } from "@anamnesis/ledger";
import { AnamnesisError, decodeGroup, leafHash, slipCodes } from "@anamnesis/protocol";
import type { Group, SignatureCheck, SlipCode } from "@anamnesis/protocol";

/** Verifies many signatures; one result each. @throws {AnamnesisError} UNAVAILABLE when nobody can verify now. */
export type Verify = (checks: readonly SignatureCheck[]) => Promise<readonly boolean[]>;

/** A group whose form, keys or signatures do not hold, with the code that each of its slips gets. */
export interface RefusedGroup {
  readonly code: Exclude<SlipCode, "OK">;
  /** How many slips it holds, where its form could be read. */
  readonly slips?: number;
}

export const isRefused = (group: Group | RefusedGroup): group is RefusedGroup => "code" in group;

interface Known {
  readonly group: Group;
  /** The keys it was verified under, the carrier's first. */
  readonly keys: readonly Uint8Array[];
  readonly results: Promise<readonly boolean[]>;
}

/** Bytes of groups that are kept: what two blocks hold at most. */
const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Groups that were decoded and verified here, by the hash of their bytes: a group is met when it is offered, proposed and
 * executed, and verified once. The keys that it was verified under are compared each time, because they come from the state:
 * under others it is verified again.
 */
export class VerifiedGroups {
  readonly #machine: Machine;
  readonly #verify: Verify;
  readonly #known = new Map<string, Known>();
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param mostBytes - Bytes of groups that are kept at most. */
  constructor(machine: Machine, verify: Verify, mostBytes = KEPT_BYTES) {
    this.#machine = machine;
    this.#verify = verify;
    this.#mostBytes = mostBytes;
  }

  /**
   * Judges form, keys and signatures of a group against the state before its block.
   * @throws {AnamnesisError} UNAVAILABLE when signatures cannot be verified now: says nothing of the group.
   */
  judge(state: StateView, bytes: Uint8Array): Promise<Group | RefusedGroup> {
    return this.#judge(state, bytes, this.#verify);
  }

  /**
   * The same for a group that anybody may have sent: the carrier's signature alone comes first, so that who is no carrier
   * costs one verification and not one a slip (D16).
   */
  judgeOffered(state: StateView, bytes: Uint8Array): Promise<Group | RefusedGroup> {
    return this.#judge(state, bytes, async ([carrier, ...others]) => {
      const [isCarrier] = await this.#verify([carrier!]);
      return isCarrier === true ? [true, ...(await this.#verify(others))] : [false];
    });
  }

  async #judge(state: StateView, bytes: Uint8Array, verify: Verify): Promise<Group | RefusedGroup> {
    const name = nameOf(bytes);
    const known = this.#known.get(name);
    let group: Group | undefined;
    try {
      group = known?.group ?? decodeGroup(bytes);
      if (known !== undefined) {
        const keys = this.#machine.keys(state, group);
        if (areSame(keys, known.keys)) return await verdict(known);
      }
      const checks = this.#machine.signatures(state, group);
      const keys = checks.map(({ publicKey }) => publicKey);
      const met = { group, keys, results: verify(checks) };
      this.#keep(name, met);
      const judged = await verdict(met);
      if (isRefused(judged)) this.#forget(name);
      return judged;
    } catch (error) {
      this.#forget(name);
      const code = refusalIn(error);
      return group === undefined ? { code } : { code, slips: group.slips.length };
    }
  }

  /** Keeps a group that was made here of slips that were verified under these keys, the carrier's first. */
  remember(group: Group, keys: readonly Uint8Array[]): void {
    const results = Promise.resolve(keys.map(() => true));
    this.#keep(nameOf(group.bytes), { group, keys, results });
  }

  /** Lets a group go that will not be met again. */
  forget(bytes: Uint8Array): void {
    this.#forget(nameOf(bytes));
  }

  #keep(name: string, known: Known): void {
    this.#forget(name);
    this.#known.set(name, known);
    this.#bytes += known.group.bytes.length;
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#mostBytes || oldest === name) break;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    const known = this.#known.get(name);
    if (known === undefined) return;
    this.#known.delete(name);
    this.#bytes -= known.group.bytes.length;
  }
}

async function verdict({ group, keys, results }: Known): Promise<Group | RefusedGroup> {
  const verified = await results;
  // A result that is missing is none that holds.
  if (keys.every((_key, i) => verified[i] === true)) return group;
  const code = verified[0] === true ? "SLIP_SIGNATURE" : "CARRIER_SIGNATURE";
  return { code, slips: group.slips.length };
}

const areSame = (left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean =>
  left.length === right.length && left.every((key, i) => equalBytes(key, right[i]!));

const nameOf = (bytes: Uint8Array): string => Buffer.from(leafHash(bytes)).toString("latin1");

/** The slip code of an error; anything else says nothing of the group and goes on. */
function refusalIn(error: unknown): RefusedGroup["code"] {
  if (
    error instanceof AnamnesisError &&
    error.code !== "OK" &&
    Object.hasOwn(slipCodes, error.code)
  )
    return error.code as RefusedGroup["code"];
  throw error;
}
