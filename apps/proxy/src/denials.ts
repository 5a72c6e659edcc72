import { sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { fromHex } from "@anamnesis/crypto/verify";
import { limits, makeSlip } from "@anamnesis/protocol";
import type { ChainId } from "@anamnesis/protocol";
import type { Consortium } from "./consortium.ts";

/** Nobody's wrong try: a chain that cannot be seen, or a reader in a hurry. */
const notPosted = new Set(["STALE_CHAIN", "RATE_LIMITED", "STORAGE_FULL", "INTERNAL"]);
const MINUTE_MS = 60_000;

/** Posts `usage.denied`, at most once a minute for one grant and reader: the patient sees who tried in vain. */
export class Denials {
  readonly #deps: {
    chain: ChainId;
    index: number;
    signing: SigningKeypair;
    consortium: Consortium;
    now: () => number;
  };
  readonly #posted = new Map<string, number>();
  #pending: Promise<unknown> = Promise.resolve();

  constructor(deps: {
    chain: ChainId;
    index: number;
    signing: SigningKeypair;
    consortium: Consortium;
    now: () => number;
  }) {
    this.#deps = deps;
  }

  /** Does not wait, and never fails the answer: the refusal stands either way. */
  post(gid: string, reader: string, code: string): void {
    const { chain, index, signing, consortium, now } = this.#deps;
    const key = `${gid} ${reader}`;
    const time = now();
    if (notPosted.has(code) || time - (this.#posted.get(key) ?? -MINUTE_MS) < MINUTE_MS) return;
    for (const [old, at] of this.#posted) if (time - at >= MINUTE_MS) this.#posted.delete(old);
    this.#posted.set(key, time);
    const { bytes } = makeSlip(
      "usage.denied",
      { chain, time, notAfter: time + limits.clientNotAfterMs },
      { proxy: index, gid: fromHex(gid), cert: fromHex(reader), code },
      (type, message) => sign({ type, message, secretKey: signing.secretKey }),
    );
    this.#pending = Promise.all([this.#pending, consortium.submit(bytes).catch(() => undefined)]);
  }

  /** When everything posted so far has been answered. */
  async settled(): Promise<void> {
    await this.#pending;
  }
}
