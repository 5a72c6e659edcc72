/**
 * What attacks cost whom: each is made on a federation of real processes, from a network address of its own, and told with
 * the attacker's requests and bytes beside the node's processor time, memory and disk, and what an honest caller waits
 * meanwhile. `node tests/bench/attacks.ts [WHICH]`: those whose name holds the word. The table stands in docs/operating/attacks.md.
 */
import { statfsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { readFederation } from "@anamnesis/client/folder";
import { consortiumOf, limits, memberOf, parseTrust } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { temporaryFolder, up } from "../e2e/anamnesis.ts";
import {
  SlowBodies,
  askForProof,
  flood,
  sendBatch,
  sendIntake,
  stuff,
  throwAwayBox,
  vainBatch,
} from "../e2e/floods.ts";
import type { Flood } from "../e2e/floods.ts";
import { anonymousMegabytes, cpuSeconds } from "./processTime.ts";

const hospital = "general-hospital";

interface Cost extends Flood {
  readonly what: string;
  readonly seconds: number;
  readonly attackerCpuMs: number;
  readonly serverCpuMs: number;
  /** By how much the node's memory had grown at the end, before it was let go. */
  readonly serverMegabytes: number;
  readonly diskMegabytes: number;
  /** The longest that an honest question took meanwhile, of several. */
  readonly honestMs: number;
}

interface Victim {
  readonly trust: Trust;
  readonly dir: string;
  /** The process of the hospital's node. */
  readonly pid: number;
}

const free = (dir: string): number => {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
};

/** Makes an attack and looks what it cost. */
async function costOf(victim: Victim, what: string, attack: () => Promise<Flood>): Promise<Cost> {
  const { pid, dir, trust } = victim;
  const cpu = await cpuSeconds(pid);
  const memory = await anonymousMegabytes(pid);
  const disk = free(dir);
  const own = process.cpuUsage();
  const since = performance.now();
  let over = false;
  let honestMs = 0;
  const honestly = (async (): Promise<void> => {
    const genesis = consortiumOf(trust);
    const url = `${memberOf(genesis, hospital).address}/chains/${genesis.chain}/head`;
    while (!over) {
      const asked = performance.now();
      await fetch(url);
      honestMs = Math.max(honestMs, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const sent = await attack();
  const seconds = (performance.now() - since) / 1_000;
  const serverMegabytes = (await anonymousMegabytes(pid)) - memory;
  const serverCpuMs = ((await cpuSeconds(pid)) - cpu) * 1_000;
  over = true;
  await honestly;
  const { user, system } = process.cpuUsage(own);
  return {
    ...sent,
    what,
    seconds,
    attackerCpuMs: (user + system) / 1_000,
    serverCpuMs,
    serverMegabytes,
    diskMegabytes: (disk - free(dir)) / 1e6,
    honestMs,
  };
}

/** Makes the attacks whose name holds `which`, and tells of each as it ends. */
async function makeAttacks(victim: Victim, which: string): Promise<void> {
  const { trust } = victim;
  const genesis = consortiumOf(trust);
  const { address } = memberOf(genesis, hospital);
  const care = trust.chains.find(({ institution }) => institution === hospital)!.chain;
  const add = async (what: string, attack: () => Promise<Flood>): Promise<void> => {
    if (!what.includes(which)) return;
    // The minute in which an origin is refused has to end before the next attack is measured.
    await sleep(60_000 - (Date.now() % 60_000) + 100);
    console.log(row(await costOf(victim, what, attack)));
  };
  const boxes = await Promise.all(Array.from({ length: 7 }, () => throwAwayBox(trust, hospital)));
  let next = 0;
  await add("5: seven boxes, messages of 8 MiB, 35 of them", () =>
    flood(() => stuff(boxes[next++ % boxes.length]!, limits.messageBytes), { most: 35, atOnce: 4 }),
  );
  const slow = new SlowBodies();
  await add("6: fifty bodies of 16 MiB that do not end", async () => {
    const size = limits.batchSlips * limits.slipBytes - 1;
    await slow.begin(`${address}/chains/${genesis.chain}/batch`, { count: 50, size });
    return { codes: slow.codes, bytes: slow.bytes };
  });
  slow.end();
  const batch = vainBatch(trust, hospital);
  await add("9: a hundred batches of 1,024 slips, all refused", () =>
    flood(() => sendBatch(batch), { most: 100, atOnce: 2 }),
  );
  await add("9: a thousand intakes of nonsense", () =>
    flood(() => sendIntake(trust, hospital, care), { most: 1_000, atOnce: 4 }),
  );
  await add("public: a thousand state proofs", () =>
    flood(() => askForProof(trust, hospital), { most: 1_000, atOnce: 4 }),
  );
}

const codesIn = (codes: Flood["codes"]): string =>
  Object.entries(codes)
    .map(([code, count]) => `${count} ${code}`)
    .join(", ");

const row = (cost: Cost): string =>
  [
    cost.what,
    codesIn(cost.codes),
    `${cost.seconds.toFixed(1)} s`,
    `${(cost.bytes / 1e6).toFixed(1)} MB, ${cost.attackerCpuMs.toFixed(0)} ms`,
    `${cost.serverCpuMs.toFixed(0)} ms`,
    `${cost.serverMegabytes.toFixed(0)} MB`,
    `${cost.diskMegabytes.toFixed(0)} MB`,
    `${cost.honestMs.toFixed(0)} ms`,
  ].join(" | ");

const folder = await temporaryFolder();
const dir = join(folder.path, "federation");
const federation = await up(dir, [], { ANAMNESIS_PASSPHRASE: "for measurements" });
try {
  const trust = parseTrust(await readFile(join(dir, "trust.json"), "utf8"));
  const pid = (await readFederation(dir))!.run!.children[hospital]!;
  console.log(
    "Attack | Answers | Took | Attacker: bytes, CPU | Node: CPU | memory | disk | Honest, longest",
  );
  await makeAttacks({ trust, dir, pid }, process.argv[2] ?? "");
} finally {
  await federation.stop();
  await folder.remove();
}
