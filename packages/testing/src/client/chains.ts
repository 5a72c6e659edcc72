/** Real chains in memory behind the client's node port, with nodes that can be away, lag, fork or lie. */
import { randomBytes, utf8, verifySignatureRaw } from "@anamnesis/crypto/verify";
import type { Caller, NodeApi } from "@anamnesis/client";
import {
  certificatesPage,
  findCertificate,
  findInstitutions,
  findGrant,
  findRequest,
  findSession,
  findSlip,
  proveSlip,
  proveState,
  recordsByPid,
  recordsByTag,
  requestsByBody,
  signsForOpenVisit,
  usagePage,
} from "@anamnesis/ledger";
import {
  hpkeInfo,
  AnamnesisError,
  bareKey,
  decodeSlip,
  makeHead,
  makeTicket,
  parseFingerprint,
  parseGid,
  parseChainId,
  parseInstitutionId,
  parsePid,
  parseSlipId,
  sessionIntake,
  slipCodeText,
  slipCodes,
  pageEntries,
} from "@anamnesis/protocol";
import type { Genesis, Head, Slip, SlipCode, SlipId, SlipOutcome } from "@anamnesis/protocol";
import { openWith } from "@anamnesis/crypto/box";
import { keyOf, signer, boxOf } from "../keys.ts";
import { TestChain } from "../testChain.ts";

interface Committed {
  readonly appHash: Uint8Array;
  readonly time: number;
}

/** A list in one page. */
const whole = { limit: Number.MAX_SAFE_INTEGER };

export class MemoryChains {
  /** Institutions whose nodes do not answer. */
  readonly away = new Set<string>();
  /** Institutions that sign another app hash. */
  readonly forked = new Set<string>();
  /** Slip codes with which the next slips of a kind are refused. */
  readonly refuse = new Map<string, SlipCode>();
  /** Changes what a node answers, as a lying one would. */
  readonly lies = new Map<keyof NodeApi, (answer: unknown) => unknown>();
  readonly posted: Slip[] = [];
  readonly #chains = new Map<string, TestChain>();
  readonly #heights = new Map<string, Map<number, Committed>>();
  readonly #clock: () => number;

  constructor(genesis: readonly Genesis[], clock: () => number) {
    this.#clock = clock;
    for (const each of genesis) {
      const chain = new TestChain(each);
      const begun = { appHash: chain.appHash, time: chain.time };
      this.#chains.set(each.chain, chain);
      this.#heights.set(each.chain, new Map([[chain.height, begun]]));
    }
  }

  /** Puts a slip on a chain as a member carries it. @throws {AnamnesisError} Its code. */
  commit(
    chainId: string,
    slip: { readonly id: SlipId; readonly bytes: Uint8Array },
    carrier: string,
  ): number {
    const chain = this.chain(chainId);
    const decoded = decodeSlip(slip.bytes);
    const wanted = this.refuse.get(decoded.kind);
    if (wanted !== undefined) throw new AnamnesisError(wanted, slipCodeText[wanted]);
    const code = chain.submit(slip, carrier, Math.max(1, this.#clock() - chain.time));
    // A block stands whether or not its slip was refused.
    this.#heights.get(chainId)?.set(chain.height, { appHash: chain.appHash, time: chain.time });
    if (code !== "OK") throw new AnamnesisError(code, slipCodeText[code]);
    this.posted.push(decoded);
    return chain.height;
  }

  /** Puts a slip on a chain as all its members could together: nobody looks at signatures. @returns its code */
  collude(chainId: string, slip: { readonly bytes: Uint8Array; readonly id: SlipId }): SlipCode {
    const chain = this.chain(chainId);
    const group = chain.group([slip]);
    const [codes] = chain.unverifiedBlock([group], Math.max(1, this.#clock() - chain.time)).results;
    this.#heights.get(chainId)?.set(chain.height, { appHash: chain.appHash, time: chain.time });
    return codes?.[0]?.code ?? "GROUP_MALFORMED";
  }

  chain(id: string): TestChain {
    return present(this.#chains.get(id));
  }

  node(institution: string): NodeApi {
    const state = (chain: string): TestChain["state"] => {
      this.#here(institution, chain);
      return this.chain(chain).state;
    };
    const take = (chain: string, bytes: Uint8Array): { id: SlipId; height: number } => {
      this.#here(institution, chain);
      const { id } = decodeSlip(bytes);
      return { id, height: this.commit(chain, { id, bytes }, institution) };
    };
    const api: NodeApi = {
      submit: async (chain, slip, caller) => {
        this.#mayCarry(slip, caller);
        return take(chain, slip);
      },
      submitBatch: async (chain, slips) => {
        this.#here(institution, chain);
        return slips.map((slip) => batchResult(slip, () => take(chain, slip)));
      },
      openSession: async (chain, sealed) => {
        const { secretKey } = await boxOf(institution);
        const plaintext = await openWith({
          secretKey,
          info: hpkeInfo.session,
          aad: utf8(chain),
          sealed,
        });
        return take(chain, sessionIntake.decode(plaintext).slip);
      },
      head: async (chain) =>
        this.#head(institution, chain, this.chain(chain).height, this.#clock()),
      headAt: async (chain, height) => this.#head(institution, chain, height),
      slip: async (chain, id) => present(findSlip(state(chain), parseSlipId(id))),
      slipProof: async (chain, id) => {
        const { height } = this.chain(chain);
        const proof = present(
          proveSlip(
            state(chain),
            { chain: this.chain(chain).genesis.chain, height },
            parseSlipId(id),
          ),
        );
        return { ...proof, heads: [this.#head(institution, chain, height)] };
      },
      stateProof: async (chain, map, id) => {
        const { height, genesis } = this.chain(chain);
        return {
          ...proveState(state(chain), { chain: genesis.chain, height }, map, id),
          heads: [this.#head(institution, chain, height)],
        };
      },
      records: async (chain, by) =>
        "pid" in by
          ? recordsByPid(state(chain), parsePid(by.pid), whole).found
          : recordsByTag(state(chain), by.tag, whole).found,
      grant: async (chain, gid) => present(findGrant(state(chain), parseGid(gid))),
      grantUsage: async (chain, gid, after) => {
        const page = { after, limit: pageEntries };
        const { found: usage, ...rest } = usagePage(state(chain), parseGid(gid), page);
        return { usage, ...rest };
      },
      session: async (chain, pid) => present(findSession(state(chain), parsePid(pid))),
      request: async (chain, id) => present(findRequest(state(chain), parseSlipId(id))),
      requestsByBody: async (chain, body) => requestsByBody(state(chain), body, whole).found,
      certificate: async (chain, fingerprint) =>
        present(findCertificate(state(chain), parseFingerprint(fingerprint))),
      certificates: async (chain, by) =>
        certificatesPage(state(chain), this.chain(chain).genesis, by, whole).found,
      institutions: async (chain) => findInstitutions(state(chain)),
      ticket: async ({ vault, chain, action, object }, caller) => {
        this.#here(institution, chain);
        if (action === "put" && caller === undefined)
          throw new AnamnesisError("SIGNATURE_REQUIRED", "Want a signed request");
        const ticket = {
          vault,
          chain: parseChainId(chain),
          institution: parseInstitutionId(institution),
          action,
          object,
          notAfter: this.#clock() + 60_000,
        };
        return makeTicket(ticket, signer(keyOf(institution)));
      },
    };
    return new Proxy(api, {
      get:
        (target, name: keyof NodeApi) =>
        async (...args: never[]) => {
          if (this.away.has(institution))
            throw new AnamnesisError("UNAVAILABLE", `The node of ${institution} cannot be used`);
          const answer: unknown = await (target[name] as (...all: never[]) => Promise<unknown>)(
            ...args,
          );
          return this.lies.get(name)?.(answer) ?? answer;
        },
    });
  }

  /** @param time - When it is signed; default when it was committed. */
  #head(institution: string, chainId: string, height: number, time?: number): Head {
    this.#here(institution, chainId);
    const committed = this.#heights.get(chainId)?.get(height);
    if (committed === undefined) throw new AnamnesisError("NOT_YET", "That height is not here yet");
    const appHash = this.forked.has(institution)
      ? committed.appHash.map((byte) => byte ^ 1)
      : committed.appHash;
    const head = {
      chain: this.chain(chainId).genesis.chain,
      height,
      appHash,
      time: time ?? committed.time,
      institution: parseInstitutionId(institution),
    };
    return makeHead(head, signer(keyOf(institution)));
  }

  #here(institution: string, chain: string): void {
    const isMember = this.chain(chain).genesis.members.some(({ id }) => id === institution);
    if (!isMember) throw new AnamnesisError("NOT_FOUND", "This node does not keep that chain");
  }

  /** Whether a visit is open under the bare key with which a caller signs. */
  isOpenVisit(caller: Caller): boolean {
    const key = signedKey(caller);
    return (
      key !== undefined &&
      [...this.#chains.values()].some(
        (chain) => chain.genesis.kind === "care" && signsForOpenVisit(chain.state, key),
      )
    );
  }

  /** H-2: what shows no name is carried only for a visit that is open. */
  #mayCarry(bytes: Uint8Array, caller: Caller | undefined): void {
    const { kind } = decodeSlip(bytes);
    if (kind !== "grant.publish" && kind !== "access.refuse") return;
    if (caller === undefined || !this.isOpenVisit(caller))
      throw new AnamnesisError("FORBIDDEN", "Want the signature of a visit's key");
  }
}

/** The bare key with which a caller really signs. @throws {AnamnesisError} SIGNATURE_INVALID */
export function signedKey(caller: Caller): Uint8Array | undefined {
  const publicKey = bareKey(caller.keyId);
  if (publicKey !== undefined) assertSigns(caller, publicKey);
  return publicKey;
}

/** @throws {AnamnesisError} SIGNATURE_INVALID */
export function assertSigns(caller: Caller, publicKey: Uint8Array): void {
  const message = randomBytes(32);
  if (!verifySignatureRaw({ message, publicKey, signature: caller.sign(message) })) {
    throw new AnamnesisError("SIGNATURE_INVALID", "The caller signs with another key");
  }
}

function batchResult(slip: Uint8Array, take: () => { id: SlipId; height: number }): SlipOutcome {
  const { id } = decodeSlip(slip);
  try {
    return { ...take(), code: "OK" };
  } catch (error) {
    if (error instanceof AnamnesisError && isSlipCode(error.code)) return { id, code: error.code };
    throw error;
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new AnamnesisError("NOT_FOUND", "The chain holds no such thing");
  return value;
}

const isSlipCode = (code: string): code is SlipCode => Object.hasOwn(slipCodes, code);
