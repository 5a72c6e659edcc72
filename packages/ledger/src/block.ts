import { pageLeafHash } from "@anamnesis/protocol";
import type {
  Genesis,
  Group,
  InstitutionId,
  Slip,
  SlipCode,
  StateRoots,
} from "@anamnesis/protocol";
import { groupKeys } from "./authenticate.ts";
import { placeCheck, storedSlip } from "./facts.ts";
import { pageLogRoot, readPageLog } from "./pageLog.ts";
import type { PageLog } from "./pageLog.ts";
import { PageFiller, readOpenPage } from "./pages.ts";
import { RootKeeper, encodeRoots, readRoots } from "./roots.ts";
import { aheadOfBlockMs, refuseSlip } from "./slipRules.ts";
import type { BlockContext, SlipResult, StateView, Writes } from "./state.ts";
import { stateKeys } from "./stateKeys.ts";
import { transition } from "./transitionTable.ts";
import { LedgerView, overlay, remembering } from "./view.ts";

/**
 * One block being executed: slip by slip over the writes of those before, then the roots.
 *
 * A slip that is refused leaves nothing behind; the block stands all the same.
 */
export class BlockExecution {
  readonly writes: Writes = new Map();
  readonly #genesis: Genesis;
  readonly #block: BlockContext;
  readonly #before: LedgerView;
  readonly #now: LedgerView;
  readonly #oldRoots: StateRoots;
  readonly #log: PageLog;
  readonly #pages: PageFiller;
  readonly #roots: RootKeeper;
  readonly #placeCheck: Uint8Array;

  constructor(state: StateView, genesis: Genesis, block: BlockContext) {
    const committed = remembering(state);
    this.#genesis = genesis;
    this.#block = block;
    this.#placeCheck = placeCheck(block.height, block.time);
    this.#before = new LedgerView(committed);
    this.#now = new LedgerView(overlay(committed, this.writes));
    this.#oldRoots = readRoots(committed);
    this.#log = readPageLog(committed);
    this.#pages = new PageFiller(readOpenPage(committed), this.#log, {
      genesis,
      block,
      writes: this.writes,
    });
    this.#roots = new RootKeeper(committed, this.writes);
  }

  get sealed(): PageFiller["sealed"] {
    return this.#pages.sealed;
  }

  /** Executes a group. One that breaks a group rule is refused as a whole, with that code for each of its slips. */
  executeGroup(group: Group): SlipResult[] {
    const { code } = groupKeys(this.#before, this.#genesis, group);
    return group.slips.map((slip) => ({
      id: slip.id,
      kind: slip.kind,
      code: code === "OK" ? this.#executeSlip(slip, group.carrier) : code,
    }));
  }

  /** Writes open page and roots, if the block changed anything. */
  finish(): StateRoots {
    if (this.writes.size === 0) return this.#oldRoots;
    this.#pages.store();
    const roots: StateRoots = {
      ...this.#roots.finish(this.#oldRoots),
      pages: pageLogRoot(this.#log),
      openPage: this.#pages.root(),
      params: this.#oldRoots.params,
    };
    this.writes.set(stateKeys.roots, encodeRoots(roots));
    return roots;
  }

  #executeSlip(slip: Slip, carrier: InstitutionId): SlipCode {
    const { height, time } = this.#block;
    const context = {
      genesis: this.#genesis,
      time,
      carrier,
      sequence: this.#pages.sequence,
      before: this.#before,
    };
    const refused = refuseSlip(this.#now, slip, context, aheadOfBlockMs);
    if (refused !== undefined) return refused;
    const outcome = transition(this.#now, slip, context);
    if (outcome.code !== "OK") return outcome.code;
    for (const write of outcome.writes) {
      this.writes.set(write.key, write.value);
      this.#roots.note(write);
    }
    const place = { height, time, ...this.#pages.next, check: this.#placeCheck };
    this.writes.set(
      stateKeys.slip(slip.id),
      storedSlip.encode({ bytes: slip.bytes, carrier, ...place }),
    );
    this.#pages.append(pageLeafHash(slip.bytes, carrier), slip.id);
    return "OK";
  }
}
