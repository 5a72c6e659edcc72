/**
 * What the workflows need of the world: nodes, boxes, vault, proxies, registry. Each port has an HTTP implementation
 * (`http/`); tests give their own. Statements `H-n` are those of docs/spec/http.md.
 */
import type { Head, SlipProof, StateProof, MapName, Ticket } from "@anamnesis/protocol";

/** Who signs an HTTP request (RFC 9421): a certificate's fingerprint or a bare key, and the signing itself. */
export interface Caller {
  readonly keyId: string;
  /** Ed25519 over the signature base as it stands, 64 bytes. */
  sign(base: Uint8Array): Uint8Array;
}

/** Result of one slip of a batch. `code` is "OK" or a slip code. */
export interface SubmitResult {
  readonly id: string;
  readonly code: string;
  readonly height: number | undefined;
}

/** A slip as a node holds it; `time` is the block's, Unix milliseconds. */
export interface SlipView {
  readonly slip: Uint8Array;
  readonly carrier: string;
  readonly height: number;
  readonly time: number;
}

export interface VersionView {
  readonly slip: string;
  readonly digest: string;
  readonly sealedId: Uint8Array;
  /** Fingerprint of the author's certificate. */
  readonly author: string;
  readonly time: number;
}

/** H-11: one record with its versions, oldest first; `confirmed` and `disputed` hold digests. Ids are lower-case hex. */
export interface RecordView {
  readonly record: string;
  readonly institution: string;
  readonly pid: string;
  readonly tag: string;
  readonly versions: readonly VersionView[];
  readonly confirmed: readonly string[];
  readonly disputed: readonly string[];
}

export interface UsageView {
  readonly kind: string;
  readonly slip: string;
  readonly time: number;
  readonly reader: string | undefined;
  readonly intent: string | undefined;
  readonly proxy: number | undefined;
  readonly code: string | undefined;
}

/** H-12. `revokedAt` 0 = live. Times are Unix milliseconds. */
export interface GrantView {
  readonly digest: string;
  readonly expiresAt: number;
  readonly revokedAt: number;
  readonly usage: readonly UsageView[];
}

export interface SessionView {
  readonly institution: string;
  readonly slip: string;
  readonly time: number;
  /** Rereadings by authors (`usage.author`). */
  readonly authors: readonly {
    readonly slip: string;
    readonly record: string;
    readonly digest: string;
    readonly author: string;
    readonly time: number;
  }[];
}

/** H-13. `refusal` is SHA-256(r); `refused` the time of refusal, `undefined` while open. */
export interface RequestView {
  readonly request: string;
  readonly reader: string;
  readonly refusal: string;
  readonly time: number;
  readonly refused: number | undefined;
}

/** H-14: a staff certificate as the chain holds it. */
export interface CertificateView {
  readonly fingerprint: string;
  readonly issuer: string;
  readonly name: string;
  readonly role: string;
  readonly institution: string;
  readonly signingKey: Uint8Array;
  readonly boxKey: Uint8Array;
  readonly validFrom: number;
  readonly validTo: number;
  readonly der: Uint8Array;
  /** `undefined` while it is not revoked. */
  readonly revokedAt: number | undefined;
}

/** One institution's node. All ids are lower-case hex. Each call may throw UNAVAILABLE, and what the node answers. */
export interface NodeApi {
  /** H-2. `caller` is the visit key where the carry rule wants one. @returns the slip's id. */
  submit(
    chain: string,
    slip: Uint8Array,
    caller?: Caller,
  ): Promise<{ readonly id: string; readonly height: number }>;
  /** H-3: at most 1,024 slips. */
  submitBatch(chain: string, slips: readonly Uint8Array[]): Promise<readonly SubmitResult[]>;
  /** H-16: a session intake sealed to this node. */
  openSession(
    chain: string,
    sealed: Uint8Array,
  ): Promise<{ readonly id: string; readonly height: number }>;
  /** H-6 */
  head(chain: string): Promise<Head>;
  headAt(chain: string, height: number): Promise<Head>;
  /** H-8, H-9, H-10 */
  slip(chain: string, id: string): Promise<SlipView>;
  slipProof(chain: string, id: string): Promise<SlipProof>;
  stateProof(chain: string, map: MapName, id: string): Promise<StateProof>;
  /** H-11 */
  records(
    chain: string,
    by: { readonly pid: string } | { readonly tag: string },
  ): Promise<readonly RecordView[]>;
  /** H-12 */
  grant(chain: string, gid: string): Promise<GrantView>;
  session(chain: string, pid: string): Promise<SessionView>;
  /** H-13: by slip id, or all with this SHA-256 of the sealed body, oldest first. */
  request(chain: string, id: string): Promise<RequestView>;
  requestsByBody(chain: string, body: string): Promise<readonly RequestView[]>;
  /** H-14 */
  certificate(chain: string, fingerprint: string): Promise<CertificateView>;
  certificates(
    chain: string,
    by: { readonly name?: string; readonly institution?: string },
  ): Promise<readonly CertificateView[]>;
  /** H-15: `put` wants the author as caller. */
  ticket(
    input: { readonly chain: string; readonly action: "get" | "put"; readonly object: Uint8Array },
    caller?: Caller,
  ): Promise<Ticket>;
}

/** H-17: the boxes of one node. */
export interface MailboxApi {
  open(box: Uint8Array, boxKey: Uint8Array, caller: Caller): Promise<void>;
  post(box: Uint8Array, sealed: Uint8Array): Promise<void>;
  /** Oldest first. `waitMs` (at most 30 s): how long to wait for a first one; `after`: only later ones than this. */
  read(
    box: Uint8Array,
    options: {
      readonly waitMs: number;
      readonly after?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    },
    caller: Caller,
  ): Promise<readonly { readonly id: string; readonly sealed: Uint8Array }[]>;
  remove(box: Uint8Array, message: string, caller: Caller): Promise<void>;
}

/** H-20, H-21. Contents are streams: a record of 1 GiB is never in memory. */
export interface VaultApi {
  put(object: Uint8Array, ticket: Ticket, content: AsyncIterable<Uint8Array>): Promise<void>;
  get(object: Uint8Array, ticket: Ticket): Promise<AsyncIterable<Uint8Array>>;
}

/** H-30 to H-33. Bodies are the protocol's canonical documents. */
export interface ProxyApi {
  keepShares(sharePackage: Uint8Array): Promise<void>;
  reencrypt(request: Uint8Array, caller: Caller): Promise<Uint8Array>;
  prove(request: Uint8Array, caller: Caller): Promise<Uint8Array>;
  evidence(gid: string, caller: Caller): Promise<Uint8Array>;
  /** @returns the proxy's evidence, with its receipt once the shares are erased. */
  erase(gid: string, caller: Caller): Promise<Uint8Array>;
}

/** H-41 to H-44. Bodies are sealed to the registry by the workflows. */
export interface RegistryApi {
  enrol(sealed: Uint8Array): Promise<Uint8Array>;
  leaveContact(sealed: Uint8Array, caller: Caller): Promise<void>;
  lookup(sealed: Uint8Array, caller: Caller): Promise<Uint8Array>;
  revoke(fingerprint: string, caller: Caller): Promise<void>;
}

/** Every party, as the trust file names them. */
export interface Network {
  /** @throws {AnamnesisError} NOT_FOUND for an institution that is not of this federation. */
  node(institution: string): NodeApi;
  mailbox(institution: string): MailboxApi;
  vault(): VaultApi;
  /** @param index - 1…n. */
  proxy(index: number): ProxyApi;
  registry(): RegistryApi;
}

/** Unix milliseconds now. */
export type Clock = () => number;
