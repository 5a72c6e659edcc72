import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes } from "@anamnesis/crypto/verify";
import { appHashOf } from "@anamnesis/protocol";
import type { ChainKind } from "@anamnesis/protocol";
import { Scenario, seededNumbers } from "@anamnesis/testing/chainScenario";
import { MemoryState } from "./memoryState.ts";
import { recount } from "./recount.ts";
import { rows } from "./rows.ts";
import type { Row } from "./rows.ts";

const nameOf = (key: string): string =>
  Object.entries<Row>(rows).find(([, { prefix }]) => key.startsWith(prefix))?.[0] ?? "nothing";

const lived = (kind: ChainKind) => {
  const scenario = new Scenario(13, kind);
  for (let i = 0; i < 30; i += 1) scenario.step();
  return scenario.chain;
};

/** What a scrub concludes: the entries fit each other and lead to the app hash that heads signed. */
function isSound(state: MemoryState, appHash: Uint8Array): boolean {
  try {
    const { roots, fault } = recount(state);
    return fault === undefined && equalBytes(appHashOf(roots), appHash);
  } catch {
    return false;
  }
}

for (const kind of ["care", "consortium"] as const) {
  test(`recount() finds one flipped bit in any entry of a ${kind} chain (I7)`, () => {
    const chain = lived(kind);
    const entries = [...chain.state.range("")];
    assert.ok(isSound(new MemoryState(entries), chain.appHash));
    const below = seededNumbers(17);
    const families = Map.groupBy(entries, ([key]) => nameOf(key));
    for (const [family, members] of families) {
      for (let n = 0; n < 12; n += 1) {
        const [key, value] = members[below(members.length)]!;
        const bit = below(8 * Math.max(1, value.length));
        // An index entry is its key: a bit of its length turned gives it a value.
        const flipped =
          value.length === 0
            ? new Uint8Array(1 + bit)
            : value.with(bit >> 3, value[bit >> 3]! ^ (1 << (bit & 7)));
        assert.ok(
          !isSound(new MemoryState([...entries, [key, flipped]]), chain.appHash),
          `bit ${bit} of a ${family} entry`,
        );
      }
      for (const [key, value] of [members[0]!, members.at(-1)!]) {
        const at = below(key.length);
        const moved = `${key.slice(0, at)}${String.fromCharCode(key.charCodeAt(at) ^ (1 << below(8)))}${key.slice(at + 1)}`;
        const others = entries.filter(([other]) => other !== key);
        assert.ok(
          !isSound(new MemoryState([...others, [moved, value]]), chain.appHash),
          `a ${family} entry under another key`,
        );
      }
      const [lost] = members[below(members.length)]!;
      assert.ok(
        !isSound(new MemoryState(entries.filter(([key]) => key !== lost)), chain.appHash),
        `a lost ${family} entry`,
      );
    }
  });
}
