/** One care chain on disk, opened by its writer without HTTP: for tests of store, scrub and rebuilding. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { BYTES, fromHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { limits, makeSlip, pidOf } from "@anamnesis/protocol";
import type { ChainId, Genesis, InstitutionId, SlipFields, SlipKind } from "@anamnesis/protocol";
import type { Chain } from "../../../apps/node/src/chain.ts";
import { openChain } from "../../../apps/node/src/openChain.ts";
import type { ChainConfig } from "../../../apps/node/src/openChain.ts";
import type { Peer } from "../../../apps/node/src/embedded/peer.ts";
import { makeGenesis } from "./federation.ts";
import { bytesOf, keyOf, signer } from "./keys.ts";
import { certificateFields } from "./testChain.ts";
import type { MadeSlip } from "./testChain.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

export class ChainOnDisk {
  readonly dir: string;
  readonly genesis: Genesis;
  readonly certificate = certificateFields("doctor", {
    validFrom: 0,
    validTo: Date.now() + 24 * 3_600_000,
  });
  readonly #opened: Chain[] = [];
  #made = 0;

  constructor(dir: string, genesis: Genesis) {
    this.dir = dir;
    this.genesis = genesis;
  }

  static async make(params: Partial<Genesis["params"]> = {}): Promise<ChainOnDisk> {
    return new ChainOnDisk(await temporaryFolder("chain-"), makeGenesis("care", { params }));
  }

  folder(institution: string = this.genesis.writer): string {
    return join(this.dir, institution);
  }

  /** Opens the chain as a member sees it; by default the writer. */
  async open(
    institution: string = this.genesis.writer,
    options: Partial<ChainConfig> = {},
  ): Promise<Chain> {
    const chain = await openChain({
      genesis: this.genesis,
      institution: institution as InstitutionId,
      signing: keyOf(institution),
      folder: this.folder(institution),
      verify: async (checks) => checks.map(verifySignatureRaw),
      now: Date.now,
      writer: nobody,
      ...options,
    });
    this.#opened.push(chain);
    return chain;
  }

  slip<K extends SlipKind>(
    kind: K,
    fields: SlipFields<K>,
    key: string,
    time = Date.now(),
  ): MadeSlip {
    const header = { chain: this.genesis.chain as ChainId, time };
    const notAfter = time + limits.clientNotAfterMs;
    return makeSlip(kind, { ...header, notAfter }, fields, signer(keyOf(key)));
  }

  /** A certificate and an open visit: what records need. */
  async prepare(chain: Chain, time = Date.now()): Promise<void> {
    const visit = { institution: this.genesis.writer, key: keyOf("visit").publicKey };
    for (const slip of [
      this.slip("identity.certify", this.certificate, "care", time),
      this.slip("session.open", visit, "visit", time),
    ]) {
      const [outcome] = await chain.carry([slip.bytes]);
      if (outcome?.code !== "OK") throw new Error(`Refused: ${outcome?.code}`);
    }
  }

  /** A record of that visit, another each time. */
  record(time = Date.now()): MadeSlip {
    this.#made += 1;
    return this.slip(
      "record.submit",
      {
        institution: this.genesis.writer,
        cert: this.certificate.fingerprint,
        pid: fromHex(pidOf(keyOf("visit").publicKey)),
        tag: bytesOf(`tag ${this.#made}`, 16),
        digest: bytesOf(`digest ${this.#made}`),
        sealedId: new Uint8Array(BYTES.sealedId).fill(this.#made & 255),
      },
      "doctor",
      time,
    );
  }

  /** Stops what still runs, and removes everything. */
  async remove(): Promise<void> {
    for (const chain of this.#opened.toReversed()) await chain.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** A writer that does not answer. */
const nobody: Peer = {
  blocks: (_after, _limit, _waitMs, signal) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true }),
    ),
  offer: () => Promise.reject(new Error("nobody is there")),
};

/** A chain in this process as its followers see it. */
export const writerOf = (chain: () => Chain): Peer => ({
  blocks: async (after, limit, waitMs, signal) => [
    ...(await Promise.race([
      chain().blocks(after, limit, waitMs),
      new Promise<never>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true }),
      ),
    ])),
  ],
  offer: (group) => chain().takeGroup(group),
});
