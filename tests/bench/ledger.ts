/**
 * What one node's ledger carries, each figure beside the ceiling measured in the same run: slips in by HTTP and durable
 * before the answer, a follower that catches up, a light client's check of a proof, and a node's memory. Run alone
 * (`node tests/bench/ledger.ts [SLIPS]`) it prints its rows as JSON; SLIPS is how many are loaded ahead.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { toHex } from "@anamnesis/crypto/verify";
import {
  decodeHead,
  decodeSlipProof,
  encodeSlipProof,
  pidOf,
  verifySlipProof,
} from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { leanProcess } from "../../apps/host/src/childProcess.ts";
import { nodeConfigFile, startNodeProcess } from "@anamnesis/testing/nodeProcess";
import { hospital, province } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call } from "@anamnesis/testing/requests";
import type { LoadCall, LoadPlan, LoadReply } from "./ledgerLoad.ts";
import { atLeast, atMost } from "./row.ts";
import type { Row } from "./row.ts";

export interface LedgerBenchOptions {
  /** Slips on the chain before anything is measured. */
  readonly preload?: number;
}

const VISITS = 1_000;
const PRELOAD_ROUND = 20_000;
/** Long enough that beginning and end of a round, when not all callers are busy, count little. */
const BATCH_ROUND = 20_480;
const BATCH_ROUNDS = 3;
const SINGLE_ROUND = 8_000;
/** The first ones find code that is still being compiled. */
const SINGLE_ROUNDS = 5;
const PROOFS = 200;

/** Rows `ledger.single`, `ledger.batch`, `ledger.catchUp`, `ledger.proof` and `ledger.memory`. */
export async function benchLedger({ preload = 100_000 }: LedgerBenchOptions = {}): Promise<
  readonly Row[]
> {
  const federation = await NodeFederation.make({ members: [hospital, province] });
  const children: ChildProcess[] = [];
  try {
    const writer = await startLean(federation, hospital);
    children.push(writer);
    const load = new Load();
    children.push(load.child);
    await load.plan(await prepare(federation));
    for (let left = preload; left > 0; left -= PRELOAD_ROUND)
      await load.run(`preload ${left}`, Math.min(left, PRELOAD_ROUND), {
        batch: 512,
        connections: 4,
      });

    const batch = await measured(BATCH_ROUNDS, () =>
      load.run("batch", BATCH_ROUND, { batch: 64, connections: 32 }),
    );
    const single = await measured(SINGLE_ROUNDS, () =>
      load.run("single", SINGLE_ROUND, { batch: 1, connections: 512 }),
    );
    load.child.disconnect();
    const memory = await anonymousMegabytes(writer);
    const slips = preload + BATCH_ROUNDS * BATCH_ROUND + SINGLE_ROUNDS * SINGLE_ROUND;
    const start = performance.now();
    const follower = await startLean(federation, province);
    children.push(follower);
    await heightReached(federation);
    const catchUp = slips / ((performance.now() - start) / 1000);
    const ceiling = verifyRate();
    const proof = await proofTime(federation);
    return [
      atLeast({ id: "ledger.single", unit: "slips/s", target: 0.5, ...single }),
      atLeast({ id: "ledger.batch", unit: "slips/s", target: 0.8, ...batch }),
      atLeast({ id: "ledger.catchUp", unit: "slips/s", target: 0.8, value: catchUp, ceiling }),
      atMost({ id: "ledger.proof", unit: "ms", target: 1, value: proof, ceiling: 1 }),
      atMost({ id: "ledger.memory", unit: "MB", target: 300, value: memory, ceiling: 1 }),
    ];
  } finally {
    for (const child of children) child.kill();
    await federation.remove();
  }
}

/** The median of some rounds by ratio; what the machine can verify is measured before and after each. */
async function measured(
  count: number,
  round: () => Promise<LoadReply>,
): Promise<{ value: number; ceiling: number }> {
  const rounds: { value: number; ceiling: number }[] = [];
  for (let i = 0; i < count; i += 1) {
    const before = verifyRate();
    const { slips, refused, ms } = await round();
    if (refused > 0) throw new Error(`${refused} of ${slips} slips were refused`);
    rounds.push({ value: slips / (ms / 1000), ceiling: (before + verifyRate()) / 2 });
  }
  rounds.sort((left, right) => left.value / left.ceiling - right.value / right.ceiling);
  return rounds[Math.floor(rounds.length / 2)]!;
}

/** Ed25519 verifications a second on one core by node:crypto, over messages as long as a slip. */
function verifyRate(forMs = 400): number {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const message = Buffer.alloc(400, 1);
  const signature = sign(null, message, privateKey);
  let count = 0;
  const start = performance.now();
  while (performance.now() - start < forMs) {
    if (!verify(null, message, publicKey, signature)) throw new Error("Signature does not verify");
    count += 1;
  }
  return count / ((performance.now() - start) / 1000);
}

/** A node with the flags that `up` gives it. */
async function startLean(federation: NodeFederation, institution: string): Promise<ChildProcess> {
  const { child, said } = await startNodeProcess(await nodeConfigFile(federation, institution), {
    execArgv: [...leanProcess.execArgv, ...extraFlags()],
    env: leanProcess.env,
  });
  if (said !== "ready") throw new Error(`The node did not start: ${said}`);
  child.stderr?.pipe(process.stderr);
  return child;
}

/** More flags for the measured node, e.g. `--cpu-prof`, from the environment. */
const extraFlags = (): string[] =>
  (process.env["BENCH_NODE_FLAGS"] ?? "").split(" ").filter(Boolean);

/** A doctor and open visits. */
async function prepare(federation: NodeFederation): Promise<LoadPlan> {
  const cert = await federation.certify(federation.care, "doctor");
  const visits = Array.from({ length: VISITS }, (_, i) => `visit ${i}`);
  const pids = (await federation.openVisits(visits)).map(toHex);
  return {
    port: Number(new URL(federation.address(hospital)).port),
    chain: federation.care.chain,
    institution: hospital,
    doctor: Buffer.from(keyOf("doctor").secretKey).toString("base64"),
    cert: toHex(cert),
    pids,
  };
}

class Load {
  readonly child: ChildProcess = fork(fileURLToPath(new URL("ledgerLoad.ts", import.meta.url)));

  async plan(plan: LoadPlan): Promise<void> {
    await this.#ask({ verb: "plan", plan });
  }

  #runs = 0;

  /** Makes `count` slips, then posts them; only the posting is timed. */
  async run(
    label: string,
    count: number,
    how: { batch: number; connections: number },
  ): Promise<LoadReply> {
    await this.#ask({ verb: "make", label: `${label} ${++this.#runs}`, count });
    return this.#ask({ verb: "post", ...how });
  }

  async #ask(message: LoadCall): Promise<LoadReply> {
    const ended = new AbortController();
    const died = once(this.child, "exit", { signal: ended.signal }).then(() => {
      throw new Error("The load generator died");
    });
    died.catch(() => undefined);
    this.child.send(message);
    const [reply] = await Promise.race([once(this.child, "message"), died]);
    ended.abort();
    return reply as LoadReply;
  }
}

/** Anonymous memory (mapped files not counted) after a collection of garbage would change little: after a pause. */
async function anonymousMegabytes({ pid }: ChildProcess): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return (Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6;
}

/** Median time in which a light client verifies a slip of a sealed page, with the heads of two members. */
async function proofTime(federation: NodeFederation): Promise<number> {
  const at = (institution: string, path: string) =>
    call(`${federation.address(institution)}/chains/${federation.care.chain}/${path}`);
  const { json } = await at(hospital, `records?pid=${pidOf(keyOf("visit 0").publicKey)}`);
  const [record] = json["records"] as { record: string }[];
  const proof = decodeSlipProof((await at(hospital, `slips/${record!.record}/proof`)).bytes);
  const head = decodeHead((await at(province, `heads/${proof.height}`)).bytes);
  const bytes = encodeSlipProof({ ...proof, heads: [...proof.heads, head] });
  const times: number[] = [];
  for (let i = 0; i < PROOFS; i += 1) {
    const start = performance.now();
    verifySlipProof(federation.care, decodeSlipProof(bytes));
    times.push(performance.now() - start);
  }
  return times.toSorted((left, right) => left - right)[PROOFS / 2]!;
}

async function heightReached(federation: NodeFederation): Promise<void> {
  const heightAt = async (institution: string): Promise<number> => {
    const { json } = await call(`${federation.address(institution)}/chains`);
    const chains = json["chains"] as { chain: string; height: number; fault?: string }[];
    const care = chains.find(({ chain }) => chain === federation.care.chain)!;
    if (care.fault !== undefined) throw new Error(`The follower stopped: ${care.fault}`);
    return care.height;
  };
  const wanted = await heightAt(hospital);
  while ((await heightAt(province)) < wanted)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const preload = Number(process.argv[2] ?? 100_000);
  console.log(JSON.stringify({ rows: await benchLedger({ preload }) }, undefined, 2));
}
