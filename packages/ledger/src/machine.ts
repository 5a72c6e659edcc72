import { createLtHash, sha256, verifySignatureRaw } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  appHashOf,
  emptyRoot,
  emptySubtree,
  genesisHash,
  genesisVoters,
  sizedRoot,
  slipCodeText,
} from "@anamnesis/protocol";
import type { Genesis, GenesisRegistrar, Group, SlipCode, StateRoots } from "@anamnesis/protocol";
import { groupKeys, groupSignatures, keysOf } from "./authenticate.ts";
import { BlockExecution } from "./block.ts";
import { placeCheck } from "./codecs.ts";
import { kindOf } from "./kindTable.ts";
import { put } from "./outcome.ts";
import type { Write } from "./outcome.ts";
import { pageDueAt, readOpenPage } from "./pages.ts";
import { placeSlip } from "./placeSlip.ts";
import { RootKeeper } from "./roots.ts";
import { rows } from "./rows.ts";
import { aheadOfClockMs, refuseSlip } from "./slipRules.ts";
import type { BlockResult, Machine, SlipResult, StateView, Writes } from "./state.ts";
import { LedgerView, overlay, remembering } from "./view.ts";

/** The state machine of one chain. Pure: all that it knows is the genesis document and what it is called with. */
export function makeMachine(genesis: Genesis): Machine {
  const beginBlock: Machine["beginBlock"] = (state, block) => {
    const execution = new BlockExecution(state, genesis, block);
    return {
      executeGroup: (group) => execution.executeGroup(group),
      finish() {
        const roots = execution.finish();
        return {
          writes: execution.writes,
          sealed: execution.sealed,
          roots,
          appHash: appHashOf(roots),
          voterUpdates: execution.voterUpdates(),
          paramUpdates: {},
        };
      },
    };
  };
  return {
    genesis,
    initChain: () => initChain(genesis),
    signatures: (state, group) =>
      groupSignatures(new LedgerView(remembering(state)), genesis, group),
    keys: (state, group) => keysOf(new LedgerView(remembering(state)), genesis, group),
    admit: (state, group, now) => admit(state, genesis, group, now),
    beginBlock,
    finalizeBlock(state, block): BlockResult {
      const execution = beginBlock(state, block);
      const results = block.groups.map((group) => execution.executeGroup(group));
      return { results, ...execution.finish() };
    },
    pageDueAt: (state) => pageDueAt(readOpenPage(state), genesis),
  };
}

/** Members, who votes, the registrars, and on the consortium the care chains. */
const genesisWrites = (genesis: Genesis): Write[] => [
  ...genesis.members.map(({ id, ...member }) =>
    put(rows.institution, rows.institution.key(id), { v: 1, ...member, suspended: false }),
  ),
  put(rows.voters, rows.voters.key(), genesisVoters(genesis)),
  ...genesis.registrars.map(registrarWrite),
  ...(genesis.consortium?.careChains ?? []).map(({ chain, ...careChain }) =>
    put(rows.careChain, rows.careChain.key(chain), { v: 1, ...careChain }),
  ),
];

/** The certificate of a registrar of genesis, as a slip would have brought it. */
function registrarWrite(vouched: GenesisRegistrar): Write {
  const { registered: _, ...registrar } = vouched;
  const key = rows.certificate.key(sha256(registrar.der));
  return put(rows.certificate, key, {
    v: 1,
    ...registrar,
    role: "registrar",
    revokedAt: 0,
    suspendedUntil: 0,
    suspendedByVoters: false,
  });
}

/** Height 0: what the genesis document names, no pages, no slips. */
function initChain(genesis: Genesis): { writes: Writes; roots: StateRoots; appHash: Uint8Array } {
  const writes: Writes = new Map();
  const keeper = new RootKeeper({ get: () => undefined }, writes);
  for (const write of genesisWrites(genesis)) {
    writes.set(write.key, write.value);
    keeper.note(write);
  }
  const noFacts = createLtHash().digest();
  const empty = {
    records: noFacts,
    usage: noFacts,
    grants: emptySubtree,
    keys: emptySubtree,
    institutions: emptySubtree,
  };
  const noPages = sizedRoot(0, emptyRoot);
  const roots: StateRoots = {
    ...keeper.finish(empty),
    pages: noPages,
    openPage: noPages,
    params: genesisHash(genesis),
  };
  writes.set(rows.roots.key(), rows.roots.encode(roots));
  return { writes, roots, appHash: appHashOf(roots) };
}

/** The state rules by a node's own clock, over a scratch copy: what a block made now would answer. */
function admit(state: StateView, genesis: Genesis, group: Group, now: number): SlipResult[] {
  const scratch: Writes = new Map();
  const committed = remembering(state);
  const before = new LedgerView(committed);
  const view = new LedgerView(overlay(committed, scratch));
  let { sequence } = readOpenPage(committed);
  const { carrier } = group;
  const place = { carrier, height: 0, time: now, page: 0, index: 0, check: placeCheck(0, now) };
  const { code } = groupKeys(before, genesis, group);
  const judge = (slip: Group["slips"][number]): SlipCode => {
    const context = { genesis, time: now, carrier, sequence, before };
    const refused = refuseSlip(view, slip, context, aheadOfClockMs);
    if (refused !== undefined) return refused;
    const outcome = kindOf(slip).apply(view, slip, context);
    if (outcome.code !== "OK") return outcome.code;
    for (const write of outcome.writes) scratch.set(write.key, write.value);
    placeSlip(slip, place, { sequence, writes: scratch, after: view });
    sequence += 1;
    return "OK";
  };
  return group.slips.map((slip) => ({
    id: slip.id,
    kind: slip.kind,
    code: code === "OK" ? judge(slip) : code,
  }));
}

/**
 * Verifies every signature of a group here and now, with the crypto package; nodes that verify in a pool take
 * `machine.signatures` instead.
 *
 * @throws {AnamnesisError} WRONG_CHAIN, UNKNOWN_CARRIER, UNKNOWN_KEY, CARRIER_SIGNATURE, SLIP_SIGNATURE.
 */
export function verifyGroup(machine: Machine, state: StateView, group: Group): void {
  machine.signatures(state, group).forEach((check, i) => {
    const code = i === 0 ? "CARRIER_SIGNATURE" : "SLIP_SIGNATURE";
    if (!verifySignatureRaw(check)) throw new AnamnesisError(code, slipCodeText[code]);
  });
}
