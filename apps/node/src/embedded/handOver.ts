import { findSlip } from "@anamnesis/ledger";
import { AnamnesisError, limits, slipCodes } from "@anamnesis/protocol";
import type { Group, Slip, SlipCode, SlipOutcome } from "@anamnesis/protocol";
import { Admission, isFinal, passed } from "../verify/admission.ts";
import type { Verify } from "../verify/verifiedGroups.ts";
import { carryTogether, cutIntoGroups, shuffled } from "./carrying.ts";
import type { Carrier } from "./carrying.ts";
import type { MemberConfig } from "./member.ts";
import type { Peer } from "./peer.ts";

const RETRY_MS = 250;
/** Times a group is offered to a writer that does not answer, and how long after the first it is offered no more. */
const OFFERS = 3;
const OFFERED_MS = 1_000;
/** Slips that may be on their way to the writer; beyond, callers are told to come back (429). */
const UNDER_WAY_SLIPS = 16_384;

export interface HandOverConfig extends MemberConfig {
  readonly verify: Verify;
  readonly writer: Peer;
  readonly sign: (type: string, message: Uint8Array) => Uint8Array;
  /** Waits until a height is committed here, at most so long. */
  readonly reach: (height: number, waitMs: number) => Promise<void>;
}

/** How a follower carries: slips are judged here, signed for in groups, and handed to the writer. */
export class HandOver {
  readonly #config: HandOverConfig;
  readonly #admission: Admission;
  readonly #carrier: Carrier;
  #underWay = 0;

  constructor(config: HandOverConfig) {
    const { genesis, institution, signing, application, store, verify, now, sign } = config;
    this.#config = config;
    this.#admission = new Admission({
      machine: application.machine,
      state: store.state,
      carrier: institution,
      verify,
      now,
      counts: isFinal,
    });
    const { chain } = genesis;
    const { publicKey } = signing;
    this.#carrier = { chain, institution, publicKey, sign, groups: application.groups };
  }

  /**
   * One outcome a slip, in order.
   * @throws {AnamnesisError} BUSY, STORAGE_FULL, UNAVAILABLE; WRITER_AWAY (the writer does not answer).
   */
  async carry(bytes: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    if (this.#underWay + bytes.length > UNDER_WAY_SLIPS)
      throw new AnamnesisError("BUSY", "Too many slips wait; come back in a second");
    this.#config.store.assertRoom();
    this.#underWay += bytes.length;
    try {
      return await this.#carryOver(bytes);
    } finally {
      this.#underWay -= bytes.length;
    }
  }

  async #carryOver(bytes: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    const { store, reach } = this.#config;
    let judged = await this.#admission.judge(bytes);
    if (judged.some((entry) => !passed(entry) && entry.code === "UNKNOWN_KEY")) {
      // The certificate may stand in an entry that is on its way here.
      await reach((store.height ?? 0) + 1, limits.waitMs);
      judged = await this.#admission.judge(bytes);
    }
    const outcomes = new Map<Slip, SlipOutcome>();
    for (const together of cutIntoGroups(shuffled(judged.filter(passed)))) {
      const results = await this.#offer(carryTogether(this.#carrier, together));
      for (const [i, outcome] of results.entries()) outcomes.set(together[i]!.slip, outcome);
    }
    return judged.map((entry) => (passed(entry) ? outcomes.get(entry.slip)! : entry));
  }

  /**
   * Hands one group to the writer and waits until its entry is committed here. Offering it again after a lost answer is
   * harmless: what the first offer brought onto the chain is refused as REPLAYED now, and found there (H-2).
   */
  async #offer({ bytes, slips }: Group): Promise<SlipOutcome[]> {
    const { writer, reach, store } = this.#config;
    const since = performance.now();
    for (let offer = 1; ; offer++) {
      try {
        const { height, results } = await writer.offer(bytes);
        if (results.length !== slips.length)
          throw new AnamnesisError(
            "MALFORMED",
            "The writer answered other slips than it was given",
          );
        await reach(height, limits.waitMs);
        return slips.map(({ id }, i) => {
          const { code } = results[i]!;
          const before =
            code === "REPLAYED" && offer > 1 ? findSlip(store.state, id)?.height : undefined;
          return before === undefined ? { id, code, height } : { id, code: "OK", height: before };
        });
      } catch (error) {
        if (!(error instanceof AnamnesisError)) throw error;
        const { code } = error;
        if (isSlipCode(code)) return slips.map(({ id }) => ({ id, code }));
        if (code !== "UNAVAILABLE") throw error;
        if (offer === OFFERS || performance.now() - since > OFFERED_MS) throw this.#away(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #away(cause: AnamnesisError): AnamnesisError {
    const { chain, writer } = this.#config.genesis;
    const message = `${writer}, which writes ${chain}, does not answer`;
    return new AnamnesisError("WRITER_AWAY", message, { cause });
  }
}

const isSlipCode = (code: string): code is SlipCode => Object.hasOwn(slipCodes, code);
