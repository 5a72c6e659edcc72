import assert from "node:assert/strict";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeCanonical } from "@anamnesis/crypto/verify";
import { genesisJson } from "@anamnesis/protocol";
import { ChainOnDisk } from "@anamnesis/testing/chainOnDisk";
import { keyOf } from "@anamnesis/testing/keys";
import { hex } from "@anamnesis/testing/testChain";
import { seededNumbers } from "@anamnesis/testing/chainScenario";
import { digestOf } from "./damage.ts";
import type { Damage, Inspected } from "./damage.ts";

const FLIPS = 200;
const TEARS = 24;
const PAGE_BYTES = 4_096;
const INSPECT_MS = 20_000;

let made: ChainOnDisk;
let genesisFile: string;
let file: Buffer;
/** When the writer committed height 5. */
let fifthTime: number;
/** What is right to serve at each height. */
const digests = new Map<number, string>();

before(async () => {
  made = await ChainOnDisk.make({ pageSlips: 8, pageSeconds: 600 });
  const chain = await made.open();
  await made.prepare(chain);
  for (let block = 0; block < 16; block += 1) {
    await chain.carry(Array.from({ length: 5 }, () => made.record().bytes));
    digests.set(chain.height(), await digestOf(chain));
  }
  fifthTime = (await chain.headAt(5)).time;
  await chain.stop();
  genesisFile = join(made.dir, "genesis.json");
  await writeFile(genesisFile, genesisJson(made.genesis));
  file = await readFile(join(made.folder(), "data.mdb"));
});
after(() => made.remove());

test(`I7: of ${FLIPS} single bits flipped anywhere in the file, none makes a chain serve other data`, async () => {
  const below = seededNumbers(1);
  const results = await inspectAll(
    Array.from({ length: FLIPS }, () => flip(below(file.length), below(8))),
  );
  const found = results.filter((result) => result !== undefined && "fault" in result).length;
  assert.ok(found > FLIPS / 10, `a scrub that finds ${found} of ${FLIPS} proves little`);
});

test("I7: a bit flipped in the time of a height is found", async () => {
  const time = encodeCanonical(fifthTime);
  const results = await inspectAll(
    placesOf(time).flatMap((at) => [1, 4, 8].map((byte) => flip(at + byte, 1))),
  );
  assert.ok(results.some((result) => result !== undefined && "fault" in result));
});

test("I7: a bit flipped in the number of the last height is found before anything is served", async () => {
  const last = Buffer.from(`last${Math.max(...digests.keys())}`);
  const results = await inspectAll(
    placesOf(last).flatMap((at) => [0, 1, 3].map((bit) => flip(at + last.length - 1, bit))),
  );
  assert.ok(results.some((result) => result !== undefined && "refused" in result));
});

test("a file whose end is cut off or zero is opened at a good height or refused", async () => {
  const below = seededNumbers(2);
  await inspectAll(
    Array.from({ length: TEARS }, (_, i) => ({
      how: i % 2 === 0 ? "cut" : "zeroed",
      bytes: 1 + below(i < TEARS / 2 ? PAGE_BYTES : file.length),
    })),
  );
});

const flip = (at: number, bit: number): Damage => ({ how: "flipped", at, bit });

function placesOf(bytes: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = file.indexOf(bytes); at >= 0; at = file.indexOf(bytes, at + 1)) places.push(at);
  return places;
}

/**
 * What became of each damaged copy; nothing of those that ended the process which opened them. What is served must be
 * what was once right, and whatever is refused is refused in plain words.
 */
async function inspectAll(damages: readonly Damage[]): Promise<(Inspected | undefined)[]> {
  assert.ok(damages.length > 0);
  const results: (Inspected | undefined)[] = [];
  let child = startInspector();
  try {
    for (const damage of damages) {
      let result = await inspect(child, damage);
      if (result === undefined || isWrong(result)) {
        // A damaged map can damage the process that reads it: doubts are settled in one that read no other.
        child.kill();
        child = startInspector();
        result = await inspect(child, damage);
        child.kill();
        child = startInspector();
      }
      if (result !== undefined) assertNothingWrong(result, damage);
      results.push(result);
    }
  } finally {
    child.kill();
  }
  return results;
}

const isWrong = (result: Inspected): boolean =>
  "served" in result
    ? result.served.digest !== digests.get(result.served.height)
    : "refused" in result && result.refused.code !== "STORE_CORRUPT";

function assertNothingWrong(result: Inspected, damage: Damage): void {
  const what = `${JSON.stringify(damage)}: ${JSON.stringify(result)}`;
  assert.ok(!isWrong(result), `other data is served, or refused without a reason, after ${what}`);
}

function startInspector(): ChildProcess {
  const program = fileURLToPath(new URL("inspectProcess.ts", import.meta.url));
  const key = hex(keyOf(made.genesis.writer).secretKey);
  const args = [made.folder(), genesisFile, key, join(made.dir, "copies")];
  return fork(program, args, { stdio: ["ignore", "ignore", "ignore", "ipc"] });
}

async function inspect(child: ChildProcess, damage: Damage): Promise<Inspected | undefined> {
  const ended = new AbortController();
  const { signal } = ended;
  const timer = setTimeout(() => child.kill("SIGKILL"), INSPECT_MS);
  const answer = once(child, "message", { signal }).then(([result]) => result as Inspected);
  const died = once(child, "exit", { signal }).then(() => undefined);
  for (const either of [answer, died]) either.catch(() => undefined); // of the one that was given up
  child.send(damage, () => undefined);
  try {
    return await Promise.race([answer, died]);
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}
