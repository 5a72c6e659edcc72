import { AnamnesisError, NonceMemory, bareKey, parseRequestSignature } from "@anamnesis/protocol";
import type { Incoming } from "./http.ts";
import type { Nonces } from "./nonceJournal.ts";

/** Who signed a request: a certificate's fingerprint (64 hex digits), or a key that has none. */
export type Caller =
  | { readonly kind: "certificate"; readonly fingerprint: string; readonly publicKey: Uint8Array }
  | { readonly kind: "key"; readonly publicKey: Uint8Array };

/** Checks the RFC 9421 signatures of one server's requests and remembers their nonces. */
export class CallerCheck {
  readonly #nonces: Nonces;
  readonly #now: () => number;

  /**
   * @param now - Unix milliseconds.
   * @param nonces - Where they are remembered; by default in memory, which a restart empties.
   */
  constructor(now: () => number, nonces: Nonces = new NonceMemory()) {
    this.#now = now;
    this.#nonces = nonces;
  }

  /**
   * Who signed this request.
   *
   * @param keyOf - The signing key of a certificate by its fingerprint, which it has checked as far as this server asks
   * (chain, live); throws what the caller is to be told otherwise.
   * @throws {AnamnesisError} SIGNATURE_REQUIRED, SIGNATURE_INVALID (also when made for another server), NONCE_REUSED and
   * those of `keyOf`.
   */
  async callerOf(
    request: Incoming,
    body: Uint8Array,
    keyOf: (fingerprint: string) => Promise<Uint8Array>,
  ): Promise<Caller> {
    const signable = {
      method: request.method,
      authority: request.authority ?? "",
      path: request.path,
      body,
    };
    const signature = parseRequestSignature(signable, request.headers, this.#now());
    if (request.authority === undefined) {
      throw new AnamnesisError(
        "SIGNATURE_INVALID",
        "Request signature refused: it is for another server; want Host to name this one",
      );
    }
    const bare = bareKey(signature.keyId);
    const publicKey = bare ?? (await keyOf(signature.keyId));
    if (!signature.verify(publicKey)) {
      throw new AnamnesisError(
        "SIGNATURE_INVALID",
        "Request signature refused: it does not verify",
      );
    }
    await this.#nonces.use(signature.keyId, signature.nonce, this.#now());
    return bare === undefined
      ? { kind: "certificate", fingerprint: signature.keyId, publicKey }
      : { kind: "key", publicKey };
  }
}
