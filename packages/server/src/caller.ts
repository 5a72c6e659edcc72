import { AnamnesisError, bareKey, parseRequestSignature } from "@anamnesis/protocol";
import type {
  Access,
  ErrorCode,
  KeyKind,
  ParsedSignature,
  SignedRequest,
} from "@anamnesis/protocol";
import type { Nonces } from "./nonceJournal.ts";

/** What a server has to know of a certificate, at least. */
export interface Certified {
  /** Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
}
/** Who signed a request: the holder of a certificate, or of a key that has none. */
export interface CertifiedCaller<C> {
  readonly kind: "certificate";
  /** 64 hex digits. */
  readonly fingerprint: string;
  readonly publicKey: Uint8Array;
  readonly certificate: C;
  /** What they signed: evidence that can be kept and shown. */
  readonly signed: SignedRequest;
}
export interface KeyCaller {
  readonly kind: "key";
  readonly publicKey: Uint8Array;
}
export type Caller<C> = CertifiedCaller<C> | KeyCaller;

/** The head of a request, as far as its signature covers it. */
export interface Head {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Which of this server's authorities the Host header names; `undefined` if it names another server. */
  readonly authority: string | undefined;
}

export interface Judged<C> {
  readonly caller: Caller<C> | undefined;
  /** @throws {AnamnesisError} SIGNATURE_INVALID (or what the route has for it) when another body was signed. */
  assertCovers(body: Uint8Array): void;
}

type SignerAccess = Extract<Access, { who: "signer" }>;

/** Judges the RFC 9421 signatures of one server's requests, from their heads alone, and remembers their nonces. */
export class CallerCheck<C extends Certified> {
  readonly #nonces: Nonces;
  readonly #now: () => number;
  readonly #certificateOf: (fingerprint: string) => Promise<C>;

  /**
   * @param now - Unix milliseconds.
   * @param certificateOf - A certificate, checked as far as this server asks of every caller (chain, live); throws what the
   * caller is to be told otherwise.
   */
  constructor(config: {
    readonly now: () => number;
    readonly nonces: Nonces;
    readonly certificateOf: (fingerprint: string) => Promise<C>;
  }) {
    this.#nonces = config.nonces;
    this.#now = config.now;
    this.#certificateOf = config.certificateOf;
  }

  /**
   * Who signed this request. Its nonce is used up.
   *
   * @throws {AnamnesisError} SIGNATURE_REQUIRED, SIGNATURE_INVALID (also when made for another server), FORBIDDEN (another
   * kind of key), NONCE_REUSED, and those of `certificateOf`.
   */
  async judge(head: Head, access: SignerAccess): Promise<Judged<C>> {
    const { headers } = head;
    const isUnsigned =
      headers["signature"] === undefined && headers["signature-input"] === undefined;
    if (access.optional && isUnsigned) return { caller: undefined, assertCovers: () => undefined };
    try {
      const signature = parseRequestSignature(
        { ...head, authority: head.authority ?? "" },
        headers,
        this.#now(),
      );
      if (head.authority === undefined)
        throw refused("it is for another server; want Host to name this one");
      const caller = await this.#callerOf(signature, access.key);
      await this.#nonces.use(signature.keyId, signature.nonce, this.#now());
      return {
        caller,
        assertCovers: (body) => {
          if (!signature.covers(body))
            throw translated(
              refused("the content digest is not that of the body"),
              access.refusedAs,
            );
        },
      };
    } catch (error) {
      throw translated(error, access.refusedAs);
    }
  }

  async #callerOf(signature: ParsedSignature, kind: KeyKind): Promise<Caller<C>> {
    const { keyId } = signature;
    const bare = bareKey(keyId);
    if (kind === (bare === undefined ? "key" : "certificate"))
      throw new AnamnesisError(
        "FORBIDDEN",
        kind === "key"
          ? "Request refused: want the signature of a key of its own, not of a certificate"
          : "Request refused: want a signature under a certificate",
      );
    if (bare !== undefined) {
      assertVerifies(signature, bare);
      return { kind: "key", publicKey: bare };
    }
    const certificate = await this.#certificateOf(keyId);
    assertVerifies(signature, certificate.signingKey);
    return {
      kind: "certificate",
      fingerprint: keyId,
      publicKey: certificate.signingKey,
      certificate,
      signed: signature.signed,
    };
  }
}

function assertVerifies(signature: ParsedSignature, publicKey: Uint8Array): void {
  if (!signature.verify(publicKey)) throw refused("it does not verify");
}

const refused = (why: string): AnamnesisError =>
  new AnamnesisError("SIGNATURE_INVALID", `Request signature refused: ${why}`);

/** What says that nobody known signed, under the code that a route has for it. */
function translated(error: unknown, refusedAs: ErrorCode): unknown {
  if (refusedAs === "SIGNATURE_INVALID" || !(error instanceof AnamnesisError)) return error;
  const isUnsigned = ["SIGNATURE_REQUIRED", "SIGNATURE_INVALID", "FORBIDDEN"].includes(error.code);
  return isUnsigned ? new AnamnesisError(refusedAs, error.message, { cause: error }) : error;
}
