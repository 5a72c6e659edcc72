/**
 * Prints tests/vectors/ledger-log.json: `node tests/vectors/makeLedgerLog.ts > tests/vectors/ledger-log.json`.
 *
 * Made anew only when consensus is changed on purpose; the commit that does so says why the app hashes moved.
 */
import { toBase64url, toHex } from "@anamnesis/crypto/verify";
import { genesisJson } from "@anamnesis/protocol";
import type { ChainKind } from "@anamnesis/protocol";
import { Scenario } from "@anamnesis/testing/chainScenario";

function makeLog(kind: ChainKind, seed: number): object {
  const scenario = new Scenario(seed, kind, { pageSlips: 5, pageSeconds: 2 });
  const genesisAppHash = toHex(scenario.chain.appHash);
  const blocks = Array.from({ length: 16 }, () => {
    const { groups, result } = scenario.step();
    return {
      time: scenario.chain.time,
      proposer: scenario.chain.genesis.writer,
      groups: groups.map(({ bytes }) => toBase64url(bytes)),
      codes: result.results.map((group) => group.map(({ code }) => code)),
      sealed: result.sealed.length,
      appHash: toHex(result.appHash),
    };
  });
  return {
    kind,
    seed,
    genesis: JSON.parse(genesisJson(scenario.chain.genesis)) as unknown,
    genesisAppHash,
    blocks,
  };
}

const source =
  "docs/spec/state.md and slips.md, executed by packages/ledger; genesis in the form of trust.json, groups as base64url, app hashes as hex";
process.stdout.write(
  `${JSON.stringify({ source, version: 1, logs: [makeLog("care", 10), makeLog("consortium", 19)] }, null, 1)}\n`,
);
