import { sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { fromHex } from "@anamnesis/crypto/verify";
import { isDenialCode, limits, makeSlip } from "@anamnesis/protocol";
import type { ChainId, DenialCode, SignedRequest } from "@anamnesis/protocol";
import type { Consortium } from "./consortium.ts";
import type { KeptRequests } from "./keptRequests.ts";

const MINUTE_MS = 60_000;

interface DenialDeps {
  readonly chain: ChainId;
  readonly index: number;
  readonly signing: SigningKeypair;
  readonly consortium: Consortium;
  readonly kept: KeptRequests;
  readonly now: () => number;
}

/** A reader who was turned away under a grant that is held here. */
interface Denied {
  readonly gid: string;
  /** Fingerprint, hex. */
  readonly reader: string;
  readonly signed: SignedRequest;
}

/**
 * Keeps what was asked in vain and posts `usage.denied`, at most once a minute for one grant and reader: the patient sees
 * who tried. Codes that are nobody's wrong try (a chain that cannot be seen, a reader in a hurry) are none of its list.
 */
export class Denials {
  readonly #deps: DenialDeps;
  readonly #posted = new Map<string, number>();
  #pending: Promise<unknown> = Promise.resolve();

  constructor(deps: DenialDeps) {
    this.#deps = deps;
  }

  /** Does not wait, and never fails the answer: the refusal stands either way. */
  post(denied: Denied, code: string): void {
    const key = `${denied.gid} ${denied.reader}`;
    const time = this.#deps.now();
    if (!isDenialCode(code) || time - (this.#posted.get(key) ?? -MINUTE_MS) < MINUTE_MS) return;
    for (const [old, at] of this.#posted) if (time - at >= MINUTE_MS) this.#posted.delete(old);
    this.#posted.set(key, time);
    const posting = this.#keepAndPost(denied, code, time).catch(() => undefined);
    this.#pending = Promise.all([this.#pending, posting]);
  }

  /** When everything posted so far has been answered. */
  async settled(): Promise<void> {
    await this.#pending;
  }

  /** What cannot be kept is not said: it could not be shown. */
  async #keepAndPost(
    { gid, reader, signed }: Denied,
    code: DenialCode,
    time: number,
  ): Promise<void> {
    const { chain, index, signing, consortium, kept } = this.#deps;
    const evidence = await kept.keep(gid, signed, time);
    const { bytes } = makeSlip(
      "usage.denied",
      { chain, time, notAfter: time + limits.clientNotAfterMs },
      { proxy: index, gid: fromHex(gid), cert: fromHex(reader), code, evidence },
      (type, message) => sign({ type, message, secretKey: signing.secretKey }),
    );
    await consortium.submit(bytes);
  }
}
