import { equalBytes } from "@anamnesis/crypto/verify";
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
import { placeCheck } from "./codecs.ts";
import { kindOf } from "./kindTable.ts";
import { pageLogRoot, readPageLog } from "./pageLog.ts";
import type { PageLog } from "./pageLog.ts";
import { PageFiller, readOpenPage } from "./pages.ts";
import { placeSlip } from "./placeSlip.ts";
import { RootKeeper, readRoots } from "./roots.ts";
import { rows } from "./rows.ts";
import { aheadOfBlockMs, refuseSlip } from "./slipRules.ts";
import type { BlockContext, SlipResult, StateView, VoterUpdate, Writes } from "./state.ts";
import { LedgerView, overlay, remembering } from "./view.ts";
import type { Reader } from "./view.ts";
import { addVoterChange } from "./voterChanges.ts";

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
  /** The state with what the block changed so far. */
  readonly #after: Reader;
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
    this.#after = overlay(committed, this.writes);
    this.#now = new LedgerView(this.#after);
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
    this.writes.set(rows.roots.key(), rows.roots.encode(roots));
    if (this.writes.has(rows.voters.key()))
      addVoterChange(this.#after, this.#block.height, this.writes);
    return roots;
  }

  /** Who votes otherwise from the next block on. */
  voterUpdates(): VoterUpdate[] {
    if (!this.writes.has(rows.voters.key())) return [];
    const old = new Map(this.#before.voters().map((voter) => [voter.id, voter]));
    const now = new Map(this.#now.voters().map((voter) => [voter.id, voter]));
    const touched = [...new Set([...old.keys(), ...now.keys()])].toSorted(byText);
    return touched.flatMap((id): VoterUpdate[] => {
      const { nodeKey, consensusKey } = this.#now.institution(id)!;
      const was = old.get(id);
      const power = now.get(id)?.power ?? 0;
      const isSame = was?.power === power && equalBytes(was.nodeKey, nodeKey);
      return isSame ? [] : [{ id, nodeKey, consensusKey, power }];
    });
  }

  #executeSlip(slip: Slip, carrier: InstitutionId): SlipCode {
    const { height, time } = this.#block;
    const { sequence } = this.#pages;
    const context = { genesis: this.#genesis, time, carrier, sequence, before: this.#before };
    const refused = refuseSlip(this.#now, slip, context, aheadOfBlockMs);
    if (refused !== undefined) return refused;
    const outcome = kindOf(slip).apply(this.#now, slip, context);
    if (outcome.code !== "OK") return outcome.code;
    for (const write of outcome.writes) {
      this.writes.set(write.key, write.value);
      this.#roots.note(write);
    }
    const place = { height, time, ...this.#pages.next, check: this.#placeCheck };
    placeSlip(slip, { carrier, ...place }, { sequence, writes: this.writes, after: this.#now });
    this.#pages.append(pageLeafHash(slip.bytes, carrier));
    return "OK";
  }
}

const byText = (left: string, right: string): number => (left < right ? -1 : 1);
