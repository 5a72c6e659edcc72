/**
 * What the workflows need of the world: nodes, boxes, vault, proxies, registry. Each port has an HTTP implementation
 * (`http/`); tests give their own. Statements `H-n` are those of docs/spec/http.md.
 */
import type {
  BoxPost,
  CertificateView,
  ErasureReceipt,
  Evidence,
  GrantView,
  Head,
  InstitutionView,
  MapName,
  RecordView,
  ReencryptRequest,
  RequestSigner,
  RequestView,
  SessionView,
  SharePackage,
  SignedRequest,
  SlipOutcome,
  SlipProof,
  SlipView,
  StateProof,
  Ticket,
  UsageView,
} from "@anamnesis/protocol";

/** Who signs an HTTP request (RFC 9421): a certificate's fingerprint or a bare key, and the signing itself. */
export type Caller = RequestSigner;

/** One institution's node. All ids are lower-case hex. Each call may throw UNAVAILABLE, and what the node answers. */
export interface NodeApi {
  /** H-2. `caller` is the visit key where the carry rule wants one. @returns the slip's id. */
  submit(
    chain: string,
    slip: Uint8Array,
    caller?: Caller,
  ): Promise<{ readonly id: string; readonly height: number }>;
  /** H-3: at most 1,024 slips. */
  submitBatch(chain: string, slips: readonly Uint8Array[]): Promise<readonly SlipOutcome[]>;
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
  /** H-12a: one page, oldest first; `next` is the `after` of the page that follows. A certificate's holder sees their own entries. */
  grantUsage(
    chain: string,
    gid: string,
    after: number | undefined,
    caller: Caller,
  ): Promise<{ readonly usage: readonly UsageView[]; readonly next?: number }>;
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
  /** H-70 */
  institutions(chain: string): Promise<readonly InstitutionView[]>;
  /** H-15: `put` wants the author as caller. */
  ticket(
    input: {
      readonly vault: string;
      readonly chain: string;
      readonly action: "get" | "put";
      readonly object: Uint8Array;
    },
    caller?: Caller,
  ): Promise<Ticket>;
}

/** H-17: the boxes of one node. */
export interface MailboxApi {
  /** A patient's box by its own key; a staff box, which is there already, by its certificate: that only says the postKey. */
  open(box: Uint8Array, postKey: Uint8Array, caller: Caller): Promise<void>;
  /** @param visit - The key of a visit that is open at this node, where that shows that the writer is expected. */
  post(box: Uint8Array, post: Omit<BoxPost, "v">, visit?: Caller): Promise<void>;
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

/** H-20, H-21, H-61. Contents are streams: a record of 1 GiB is never in memory. */
export interface VaultApi {
  /** Whether it did not answer within the last minute: others are asked first. */
  isSilent(): boolean;
  /** @returns the SHA-256 that the vault has it under. */
  put(object: Uint8Array, ticket: Ticket, content: ReadableStream<Uint8Array>): Promise<Uint8Array>;
  get(object: Uint8Array, ticket: Ticket): Promise<ReadableStream<Uint8Array>>;
  /** Has an object kept that stands on a chain now; the ticket is one to get. */
  keep(object: Uint8Array, ticket: Ticket): Promise<void>;
}

/** H-30 to H-33, H-37, H-38 */
export interface ProxyApi {
  keepShares(sharePackage: SharePackage): Promise<void>;
  /** @returns a ReencryptAnswer sealed to the caller's certificate. */
  reencrypt(request: ReencryptRequest, caller: Caller): Promise<Uint8Array>;
  prove(request: ReencryptRequest, caller: Caller): Promise<Uint8Array>;
  evidence(gid: string, caller: Caller): Promise<Evidence>;
  /** A request that was turned away, by its hash (64 hex digits). */
  denied(gid: string, evidence: string, caller: Caller): Promise<SignedRequest>;
  /** @param slip - A signed `grant.revoke`: the proxy erases on its word alone. */
  erase(gid: string, slip: Uint8Array): Promise<ErasureReceipt>;
}

/** H-41 to H-44. Bodies are sealed to the registry by the workflows. */
export interface RegistryApi {
  enrol(sealed: Uint8Array): Promise<Uint8Array>;
  leaveContact(sealed: Uint8Array, caller: Caller): Promise<void>;
  lookup(sealed: Uint8Array, caller: Caller): Promise<Uint8Array>;
  revoke(fingerprint: string, caller: Caller): Promise<void>;
  /** H-72: a TraceRequest, sealed. @returns a Traced, sealed to the caller. */
  trace(sealed: Uint8Array, caller: Caller): Promise<Uint8Array>;
  /** H-71. @param until - Unix milliseconds; 0 lifts it. */
  suspend(fingerprint: string, until: number, caller: Caller): Promise<void>;
}

/** Every party, as the trust file names them. */
export interface Network {
  /**
   * @param signal - Ends what is asked there.
   * @throws {AnamnesisError} NOT_FOUND for an institution that is not of this federation.
   */
  node(institution: string, signal?: AbortSignal): NodeApi;
  mailbox(institution: string, signal?: AbortSignal): MailboxApi;
  /** @throws {AnamnesisError} NOT_FOUND for a vault that is not of this federation. */
  vault(id: string): VaultApi;
  /** @param index - 1…n. */
  proxy(index: number, signal?: AbortSignal): ProxyApi;
  registry(): RegistryApi;
}

/** Unix milliseconds now. */
export type Clock = () => number;
