import { open } from "lmdb";
import type { RootDatabase } from "lmdb";
import { sealTo } from "@anamnesis/crypto/box";
import { fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, hpkeInfo, traceDocument } from "@anamnesis/protocol";
import type { Pid, Trace } from "@anamnesis/protocol";

export interface TracesConfig {
  /** The registry's X-Wing key for traces, which genesis names. */
  readonly traceKey: Uint8Array;
  /** Visits whose trace is kept at most; default 10,000,000, about 35 GB. */
  readonly most?: number | undefined;
}

const TRACES = 10_000_000;

/**
 * For each visit that was let in here, whose it is, sealed to the registry's trace key: this node cannot read what it
 * keeps. Spec: docs/spec/http.md H-16a.
 */
export class Traces {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #traceKey: Uint8Array;
  readonly #most: number;
  #isClosed = false;

  /** Opens what lies in a folder, or begins it. */
  constructor(folder: string, { traceKey, most = TRACES }: TracesConfig) {
    this.#traceKey = traceKey;
    this.#most = most;
    this.#root = open({
      path: folder,
      encoding: "binary",
      keyEncoding: "binary",
      overlappingSync: false,
      eventTurnBatching: false, // else a failed write would end the process
    });
  }

  /**
   * Seals a trace and keeps it, durably. The first that a visit came with stays: the same visit that comes again, as after
   * an answer that was lost, changes nothing.
   *
   * @throws {AnamnesisError} STORAGE_FULL, UNAVAILABLE (closed).
   */
  async keep(pid: Pid, trace: Trace): Promise<void> {
    if (this.find(pid) !== undefined) return;
    if (this.count() >= this.#most)
      throw new AnamnesisError("STORAGE_FULL", "Visit refused: this node has no room for more");
    const key = fromHex(pid);
    const sealed = await sealTo({
      publicKey: this.#traceKey,
      info: hpkeInfo.trace,
      aad: key,
      plaintext: traceDocument.encode(trace),
    });
    this.#assertOpen();
    try {
      await this.#root.ifNoExists(Buffer.from(key), () => {
        void this.#root.put(Buffer.from(key), Buffer.from(sealed));
      });
      await this.#root.flushed;
    } catch (cause) {
      throw new AnamnesisError("STORAGE_FULL", "The visit's trace cannot be written", { cause });
    }
  }

  /** A visit's trace as it lies here: HPKE, info `hpkeInfo.trace`, aad pid. */
  find(pid: Pid): Uint8Array | undefined {
    this.#assertOpen();
    const sealed = this.#root.get(Buffer.from(fromHex(pid)));
    return sealed === undefined ? undefined : Uint8Array.from(sealed);
  }

  count(): number {
    return this.#root.getCount();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#root.close();
  }

  /** A read that comes after `close` would end the process. @throws {AnamnesisError} UNAVAILABLE */
  #assertOpen(): void {
    if (this.#isClosed) throw new AnamnesisError("UNAVAILABLE", "The node is stopping");
  }
}
