import assert from "node:assert/strict";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BYTES, fromHex, toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { MemoryState, findSlip, makeMachine } from "@anamnesis/ledger";
import { decodeCertified, decodeGroup, makeSlip, pidOf, genesisJson } from "@anamnesis/protocol";
import type { ChainId, SlipFields, SlipId, SlipKind } from "@anamnesis/protocol";
import { openChain } from "../../apps/node/src/openChain.ts";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { certificateFields, hex } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { until } from "@anamnesis/testing/until";
import type { WriterCall, WriterReply } from "./writerProcess.ts";

const KILLS = 100;
const SLIPS_A_ROUND = 240;
const OUTSTANDING = 48;

const hospital = "general-hospital";
const genesis = makeGenesis("care");
const program = fileURLToPath(new URL("writerProcess.ts", import.meta.url));

function slip<K extends SlipKind>(kind: K, fields: SlipFields<K>, key: string): MadeSlip {
  const time = Date.now();
  const header = { chain: genesis.chain as ChainId, time, notAfter: time + 9 * 60_000 };
  return makeSlip(kind, header, fields, signer(keyOf(key)));
}

/** The writer under load in a process of its own, with the client's list of what was acknowledged. */
class Victim {
  readonly #child: ChildProcess;
  #exited: Promise<unknown>;
  readonly #acknowledged: Set<string>;

  constructor(folder: string, genesisFile: string, acknowledged: Set<string>) {
    const args = [folder, genesisFile, hex(keyOf(hospital).secretKey)];
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, "..", "compiled") };
    this.#child = fork(program, args, { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#exited = once(this.#child, "exit");
    this.#acknowledged = acknowledged;
  }

  async ready(): Promise<{ height: number; appHash: string }> {
    const [reply] = (await once(this.#child, "message")) as [WriterReply];
    assert.ok("ready" in reply, "the writer starts again");
    return reply.ready;
  }

  /** Those of `ids` that the chain does not hold. */
  async missing(ids: readonly string[]): Promise<readonly string[]> {
    this.#send({ find: ids });
    const [reply] = (await once(this.#child, "message")) as [WriterReply];
    assert.ok("missing" in reply);
    return reply.missing;
  }

  /** Posts slips, some at a time, until all are answered or the process is dead. @returns The codes that were not OK. */
  async load(slips: readonly MadeSlip[]): Promise<string[]> {
    const refused: string[] = [];
    let next = 0;
    let open = 0;
    await new Promise<void>((resolve) => {
      const post = (): void => {
        const one = slips[next];
        if (one === undefined) return open === 0 ? resolve() : undefined;
        next += 1;
        open += 1;
        this.#send({ carry: Buffer.from(one.bytes).toString("base64") });
      };
      this.#child.on("message", (reply: WriterReply) => {
        if (!("carried" in reply)) return;
        open -= 1;
        if (reply.carried.code === "OK") this.#acknowledged.add(reply.carried.id);
        else refused.push(reply.carried.code);
        post();
      });
      void this.#exited.then(() => resolve());
      for (let i = 0; i < OUTSTANDING; i += 1) post();
    });
    return refused;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async stop(): Promise<void> {
    this.#child.disconnect();
    await this.#exited;
  }

  #send(call: WriterCall): void {
    if (this.#child.connected) this.#child.send(call, () => undefined);
  }
}

test(`I1, I2: ${KILLS} times kill -9 under load loses no acknowledged slip`, async () => {
  const dir = await mkdtemp(join(tmpdir(), "kill9-"));
  const genesisFile = join(dir, "genesis.json");
  const folder = join(dir, "chain");
  await writeFile(genesisFile, genesisJson(genesis));
  const acknowledged = new Set<string>();
  const start = (): Victim => new Victim(folder, genesisFile, acknowledged);
  try {
    const certificate = certificateFields("doctor", {
      validFrom: 0,
      validTo: Date.now() + 3_600_000,
    });
    const visit = keyOf("visit").publicKey;
    let victim = start();
    await victim.ready();
    const prepared = [
      slip("identity.certify", certificate, "care"),
      slip("session.open", { institution: hospital, key: visit }, "visit"),
    ];
    assert.deepEqual(await victim.load(prepared), []);
    await victim.stop();

    let made = 0;
    const record = (): MadeSlip =>
      slip(
        "record.submit",
        {
          institution: hospital,
          cert: certificate.fingerprint,
          pid: fromHex(pidOf(visit)),
          tag: bytesOf(`tag ${made}`, 16),
          digest: bytesOf(`digest ${(made += 1)}`),
          sealedId: new Uint8Array(BYTES.sealedId),
        },
        "doctor",
      );
    const slowest = { ms: 0 };
    const interrupted: number[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const slips = Array.from({ length: SLIPS_A_ROUND }, record);
      const startedAt = performance.now();
      victim = start();
      await victim.ready();
      slowest.ms = Math.max(slowest.ms, performance.now() - startedAt);
      const before = acknowledged.size;
      const enough = before + randomInt(0, SLIPS_A_ROUND / 4);
      const loading = victim.load(slips);
      await until("some slips are acknowledged", () => acknowledged.size >= enough, {
        progress: () => acknowledged.size,
      });
      await new Promise((resolve) => setTimeout(resolve, randomInt(0, 8)));
      await victim.kill();
      assert.deepEqual(await loading, []);
      interrupted.push(acknowledged.size - before);
    }
    victim = start();
    await victim.ready();
    assert.deepEqual(await victim.missing([...acknowledged]), []);
    await victim.stop();
    const hit = interrupted.filter((count) => count > 0 && count < SLIPS_A_ROUND).length;
    assert.ok(hit > KILLS / 2, `only ${hit} kills met the writer at work`);
    const replayed = await replay(folder);
    for (const id of acknowledged) assert.ok(findSlip(replayed.state, id as SlipId));
    console.log(
      `${KILLS} kills, ${hit} amid acknowledgements, ${acknowledged.size} slips acknowledged, ${replayed.height} blocks, slowest start ${Math.round(slowest.ms)} ms`,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

/** Executes every block from genesis by itself; each must lead to the app hash that was committed with it. */
async function replay(folder: string): Promise<{ state: MemoryState; height: number }> {
  const signing = keyOf(hospital);
  const chain = await openChain({
    genesis,
    institution: genesis.writer,
    signing,
    folder,
    verify: async (checks) => checks.map(verifySignatureRaw),
    now: Date.now,
  });
  const scrubbed = await chain.scrub();
  assert.equal(scrubbed.fault, undefined);
  const machine = makeMachine(genesis);
  const state = new MemoryState(machine.initChain().writes as Map<string, Uint8Array>);
  const height = chain.height();
  for (let at = 0; at < height;) {
    for (const bytes of await chain.blocks(at, 100, 0)) {
      const { entry, certificate } = decodeCertified(bytes);
      const result = machine.finalizeBlock(state, {
        ...entry,
        groups: entry.groups.map(decodeGroup),
      });
      assert.equal(toHex(result.appHash), toHex(certificate.appHash));
      state.commit(result.writes);
      at = entry.height;
    }
  }
  await chain.stop();
  return { state, height };
}
