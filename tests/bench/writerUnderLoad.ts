import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
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
import { Load } from "./load.ts";
import type { Posting } from "./loadProcess.ts";
import { longestBlocks } from "./longestBlocks.ts";
import type { LongestBlocks } from "./longestBlocks.ts";
import { anonymousMegabytes, cpuSeconds, median, verificationSeconds } from "./processTime.ts";

/** What one round cost the process that did the work. */
export interface Round {
  /** Processor seconds a slip, all threads. */
  readonly cpuSeconds: number;
  /** Processor seconds of one Ed25519 verification by `node:crypto`, measured before and after. */
  readonly verificationSeconds: number;
  /** The one over the other. */
  readonly cost: number;
  readonly perSecond: number;
}

const VISITS = 1_000;
const FILL_ROUND = 20_000;
const FILL = { batch: 512, connections: 4 } as const;
/** Posted before anything is measured: a node that has run for a while has its code compiled. */
const WARM_UP = { slips: 6_000, how: { batch: 1, connections: 512 } } as const;
const PROOFS = 200;

/** A writer's node of its own process, with a load generator beside it and a follower where it is asked for. */
export class WriterUnderLoad {
  readonly load: Load = new Load();
  readonly #federation: NodeFederation;
  readonly #writer: ChildProcess;
  #follower: ChildProcess | undefined;
  /** Slips on the chain so far, visits and the doctor's certificate among them; and how many the follower has not seen. */
  slips = 0;
  #behind = 0;

  private constructor(federation: NodeFederation, writer: ChildProcess) {
    this.#federation = federation;
    this.#writer = writer;
  }

  static async start(): Promise<WriterUnderLoad> {
    const federation = await NodeFederation.make({ members: [hospital, province] });
    const writer = new WriterUnderLoad(federation, await startLean(federation, hospital));
    const cert = await federation.certify(federation.care, "doctor");
    const visits = Array.from({ length: VISITS }, (_, i) => `visit ${i}`);
    await writer.load.plan({
      port: Number(new URL(federation.address(hospital)).port),
      chain: federation.care.chain,
      institution: hospital,
      doctor: Buffer.from(keyOf("doctor").secretKey).toString("base64"),
      cert: toHex(cert),
      pids: (await federation.openVisits(visits)).map(toHex),
    });
    writer.#posted(VISITS + 1);
    await writer.#makeAndPost("warm up", WARM_UP.slips, WARM_UP.how);
    return writer;
  }

  /** Posts until the chain holds `size` slips; what it cost is not measured. */
  async fill(size: number): Promise<void> {
    while (this.slips < size)
      await this.#makeAndPost("fill", Math.min(FILL_ROUND, size - this.slips), FILL);
  }

  /** Connections are open before it begins, as those of whoever posts all day are. */
  async round(label: string, count: number, how: Posting): Promise<Round> {
    await this.load.make(label, count, how);
    return this.#measured(this.#writer, count, async () => (await this.#post(count)).ms);
  }

  /**
   * What it costs a follower to get all that was posted since the last one stopped.
   * @throws {Error} when there is nothing to catch up with: it would measure an idle process.
   */
  async catchUp(): Promise<Round> {
    if (this.#follower !== undefined) throw new Error("A follower that runs is not behind");
    const count = this.#behind;
    const follower = (this.#follower = await startLean(this.#federation, province));
    if ((await this.#heightAt(province)) >= (await this.#heightAt(hospital)))
      throw new Error("The follower caught up before it was measured");
    const round = await this.#measured(follower, count, async () => {
      const start = performance.now();
      await this.#followed();
      return performance.now() - start;
    });
    this.#behind = 0;
    return round;
  }

  /** From now on a follower runs beside the writer; it has what the writer has. */
  async startFollower(): Promise<void> {
    this.#follower ??= await startLean(this.#federation, province);
    await this.#followed();
  }

  /** Ends the follower, once it has what the writer has. */
  async stopFollower(): Promise<void> {
    if (this.#follower === undefined) return;
    await this.#followed();
    this.#behind = 0;
    await ended(this.#follower);
    this.#follower = undefined;
  }

  /** Anonymous memory after a pause, in which garbage is collected. */
  async megabytes(): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return anonymousMegabytes(this.#writer.pid!);
  }

  async followerMegabytes(): Promise<number> {
    await this.startFollower();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return anonymousMegabytes(this.#follower!.pid!);
  }

  /** Bytes on disk of everything the writer keeps of the chain. */
  async diskBytes(): Promise<number> {
    const folder = this.#folder();
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const sizes = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map(async (file) => (await stat(join(file.parentPath, file.name))).blocks * 512),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Median milliseconds in which a light client verifies a slip of a sealed page, with the heads of two members. */
  async proofMs(): Promise<number> {
    const { care } = this.#federation;
    const at = (institution: string, path: string) =>
      call(`${this.#federation.address(institution)}/chains/${care.chain}/${path}`);
    const { json } = await at(hospital, `records?pid=${pidOf(keyOf("visit 0").publicKey)}`);
    const [record] = json["records"] as { record: string }[];
    const proof = decodeSlipProof((await at(hospital, `slips/${record!.record}/proof`)).bytes);
    const head = decodeHead((await at(province, `heads/${proof.height}`)).bytes);
    const bytes = encodeSlipProof({ ...proof, heads: [...proof.heads, head] });
    const times = Array.from({ length: PROOFS }, () => {
      const start = performance.now();
      verifySlipProof(care, decodeSlipProof(bytes));
      return performance.now() - start;
    });
    return median(times);
  }

  /** Longest blocks of the event loop while the store is opened, checked and read whole; ends the writer. */
  async longestBlocks(): Promise<LongestBlocks> {
    await this.stopFollower();
    await ended(this.#writer);
    const { signing } = this.#federation.keys.get(hospital)!;
    const genesis = this.#federation.care;
    return longestBlocks({ folder: this.#folder(), genesis, secretKey: signing.secretKey });
  }

  async stop(): Promise<void> {
    this.load.child.disconnect();
    if (this.#follower !== undefined) await ended(this.#follower);
    await ended(this.#writer);
    await this.#federation.remove();
  }

  async #makeAndPost(label: string, count: number, how: Posting): Promise<void> {
    await this.load.make(label, count, how);
    await this.#post(count);
  }

  async #post(count: number): Promise<{ readonly ms: number }> {
    const reply = await this.load.post();
    this.#posted(count);
    return reply;
  }

  #posted(count: number): void {
    this.slips += count;
    this.#behind += count;
  }

  async #measured(child: ChildProcess, count: number, work: () => Promise<number>): Promise<Round> {
    const before = verificationSeconds();
    const start = await cpuSeconds(child.pid!);
    const ms = await work();
    const cpu = ((await cpuSeconds(child.pid!)) - start) / count;
    const verification = (before + verificationSeconds()) / 2;
    return {
      cpuSeconds: cpu,
      verificationSeconds: verification,
      cost: cpu / verification,
      perSecond: count / (ms / 1000),
    };
  }

  async #followed(): Promise<void> {
    const wanted = await this.#heightAt(hospital);
    while ((await this.#heightAt(province)) < wanted)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async #heightAt(institution: string): Promise<number> {
    const { json } = await call(`${this.#federation.address(institution)}/chains`);
    const chains = json["chains"] as { chain: string; height: number; fault?: string }[];
    const care = chains.find(({ chain }) => chain === this.#federation.care.chain)!;
    if (care.fault !== undefined) throw new Error(`The node stopped: ${care.fault}`);
    return care.height;
  }

  #folder(): string {
    const { dataDirectory } = this.#federation.config(hospital);
    return join(dataDirectory, "chains", this.#federation.care.chain);
  }
}

/** A node with the flags that `up` gives it, and more of them from the environment, e.g. `--cpu-prof`. */
async function startLean(federation: NodeFederation, institution: string): Promise<ChildProcess> {
  const more = (process.env["BENCH_NODE_FLAGS"] ?? "").split(" ").filter(Boolean);
  const { child, said } = await startNodeProcess(await nodeConfigFile(federation, institution), {
    execArgv: [...leanProcess.execArgv, ...more],
    env: leanProcess.env,
  });
  if (said !== "ready") throw new Error(`The node did not start: ${said}`);
  child.stderr?.pipe(process.stderr);
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, "exit");
}
