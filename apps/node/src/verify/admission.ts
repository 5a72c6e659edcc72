import type { Machine, StateView } from "@anamnesis/ledger";
import { AnamnesisError, decodeSlip, slipCodes } from "@anamnesis/protocol";
import type {
  Group,
  InstitutionId,
  SignatureCheck,
  Slip,
  SlipCode,
  SlipOutcome,
} from "@anamnesis/protocol";
import { Turns } from "../turns.ts";
import type { Verify } from "./verifiedGroups.ts";

export interface AdmissionConfig {
  readonly machine: Machine;
  readonly state: StateView;
  readonly carrier: InstitutionId;
  readonly verify: Verify;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Which refusals by the state rules count here; a follower's state may lag behind the writer's, which judges again. */
  readonly counts: (code: SlipCode) => boolean;
}

/** Refusals that no block which is still on its way can lift. */
const finalCodes: ReadonlySet<SlipCode> = new Set<SlipCode>([
  "REPLAYED",
  "EXPIRED",
  "NOT_AFTER_TOO_FAR",
  "WRONG_KIND_OF_CHAIN",
  "WRONG_INSTITUTION",
  "CARRIER_IS_NOT_INSTITUTION",
  "CERTIFICATE_EXPIRED",
  "CERTIFICATE_REVOKED",
]);
export const isFinal = (code: SlipCode): boolean => finalCodes.has(code);

/** A slip that passed, and the key that its signature was verified under. */
export interface Admitted {
  readonly slip: Slip;
  readonly key: Uint8Array;
}

/** A slip that passed, or the outcome that refuses it. */
export type Judged = Admitted | SlipOutcome;
export const passed = (entry: Judged): entry is Admitted => "slip" in entry;

interface Call {
  readonly slips: readonly Uint8Array[];
  readonly resolve: (judged: readonly Judged[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Slips judged together: members and certificates that they share are read once. */
const BATCH_SLIPS = 256;
/** Batches under way: one is judged here while another's signatures are verified in a worker. */
const BATCHES_UNDER_WAY = 2;

/**
 * Judges slips before they are grouped, so that nobody's bad slip refuses another's: form, chain, key, signature, and the
 * state rules by this node's own clock. What arrives at the same time is judged together.
 */
export class Admission {
  readonly #config: AdmissionConfig;
  readonly #calls: Call[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor(config: AdmissionConfig) {
    this.#config = config;
  }

  /** One entry a slip, in order. */
  judge(slips: readonly Uint8Array[]): Promise<readonly Judged[]> {
    return new Promise((resolve, reject) => {
      this.#calls.push({ slips, resolve, reject });
      this.#schedule();
    });
  }

  /** After whatever else arrived in this turn of the event loop. */
  #schedule(): void {
    if (this.#scheduled || this.#underWay >= BATCHES_UNDER_WAY || this.#calls.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#judgeBatch();
    });
  }

  async #judgeBatch(): Promise<void> {
    const calls: Call[] = [];
    for (let count = 0; this.#calls.length > 0 && count < BATCH_SLIPS;) {
      const call = this.#calls.shift()!;
      calls.push(call);
      count += call.slips.length;
    }
    this.#underWay += 1;
    this.#schedule();
    try {
      const judged = await this.#judgeAll(calls.flatMap(({ slips }) => slips));
      let at = 0;
      for (const { slips, resolve } of calls) resolve(judged.slice(at, (at += slips.length)));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    } finally {
      this.#underWay -= 1;
      this.#schedule();
    }
  }

  /** In turns of the event loop: one call may bring more slips than others should wait for. */
  async #judgeAll(slips: readonly Uint8Array[]): Promise<readonly Judged[]> {
    const turns = new Turns();
    const judged: Judged[] = [];
    for (let at = 0; at < slips.length; at += BATCH_SLIPS)
      judged.push(...(await this.#judgeSome(slips.slice(at, at + BATCH_SLIPS), turns)));
    return judged;
  }

  async #judgeSome(slips: readonly Uint8Array[], turns: Turns): Promise<readonly Judged[]> {
    const entries = slips.map(decoded);
    await turns.giveWay();
    const verdicts = await judgeTogether(this.#config, entries.filter(isSlip), turns);
    const checks = [...verdicts.values()].flatMap((entry) =>
      "checks" in entry ? entry.checks : [],
    );
    const results = await this.#config.verify(checks);
    let at = 0;
    return entries.map((entry): Judged => {
      const verdict = isSlip(entry) ? verdicts.get(entry)! : entry;
      if (!("checks" in verdict)) return verdict;
      const { slip, checks: own } = verdict;
      // A result that is missing is none that holds.
      const isSigned = own.every((_check, i) => results[at + i] === true);
      at += own.length;
      return isSigned ? { slip, key: own[0]!.publicKey } : { id: slip.id, code: "SLIP_SIGNATURE" };
    });
  }
}

/** What is left to do for a slip: its signature, then those of voters where it wants them; or nothing. */
type Verdict = { readonly slip: Slip; readonly checks: readonly SignatureCheck[] } | SlipOutcome;

/** Verdicts in the order of the slips. One slip without a key refuses a group; then its halves are judged. */
async function judgeTogether(
  config: AdmissionConfig,
  slips: readonly Slip[],
  turns: Turns,
): Promise<Map<Slip, Verdict>> {
  const { machine, state, carrier, now, counts } = config;
  const verdicts = new Map<Slip, Verdict>();
  if (slips.length === 0) return verdicts;
  await turns.giveWay();
  const group: Group = { chain: machine.genesis.chain, carrier, slips, ...unsigned };
  try {
    // The first check is the carrier's, which is made when the group is.
    const [, ...all] = machine.signatures(state, group);
    const checks = Map.groupBy(all, ({ slip }) => slip);
    const results = machine.admit(state, group, now());
    for (const [i, slip] of slips.entries()) {
      const code = results[i]!.code;
      const isRefused = code !== "OK" && counts(code);
      // Perhaps for the sake of a slip beside it, whose signature may not hold: what counts is the committed state.
      if (isRefused && slips.length > 1) verdicts.set(slip, await judgeAlone(config, slip, turns));
      else verdicts.set(slip, isRefused ? { id: slip.id, code } : { slip, checks: checks.get(i)! });
    }
  } catch (error) {
    const code = codeOf(error);
    if (slips.length === 1) return verdicts.set(slips[0]!, { id: slips[0]!.id, code });
    const middle = slips.length >> 1;
    for (const half of [slips.slice(0, middle), slips.slice(middle)])
      for (const [slip, verdict] of await judgeTogether(config, half, turns))
        verdicts.set(slip, verdict);
  }
  return verdicts;
}

const judgeAlone = async (config: AdmissionConfig, slip: Slip, turns: Turns): Promise<Verdict> =>
  (await judgeTogether(config, [slip], turns)).get(slip)!;

const unsigned = { signature: new Uint8Array(64), bytes: new Uint8Array(0) };

const isSlip = (entry: Slip | SlipOutcome): entry is Slip => !("code" in entry);

/** The slip, or the code that refuses its form. */
function decoded(bytes: Uint8Array): Slip | SlipOutcome {
  try {
    return decodeSlip(bytes);
  } catch (error) {
    return { id: null, code: codeOf(error) };
  }
}

/** The slip code of an error; anything else is a bug and goes on. */
function codeOf(error: unknown): SlipCode {
  if (error instanceof AnamnesisError && Object.hasOwn(slipCodes, error.code))
    return error.code as SlipCode;
  throw error;
}
