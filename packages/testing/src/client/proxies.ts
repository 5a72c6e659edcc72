/** Proxies in memory behind the client's port: real shares and re-encryption, and faulty proxies on demand. */
import { openWith, sealSymmetric, sealTo } from "@anamnesis/crypto/box";
import { checkShares, proveShare, proxyShares, reencryptShare } from "@anamnesis/crypto/proxy";
import type { ProxyShares } from "@anamnesis/crypto/proxy";
import { sign } from "@anamnesis/crypto/sign";
import {
  BYTES,
  enc,
  encodeCanonical,
  fromHex,
  grantContext,
  sha256,
  toHex,
} from "@anamnesis/crypto/verify";
import type { ProxyApi } from "@anamnesis/client";
import {
  hpkeInfo,
  AnamnesisError,
  answerContext,
  chainOf,
  decodeSlip,
  decodeSlipProof,
  gidOf,
  grantDocument,
  intentCommitment,
  isForTreatment,
  parseFingerprint,
  reencryptAnswer,
  shareSecret,
  slipIdFrom,
  recordVersion,
  verifyConfirmation,
  verifySlipProof,
} from "@anamnesis/protocol";
import type {
  Evidence,
  ReencryptAnswer,
  ReencryptRequest,
  SharePackage,
  SignedRequest,
  Trust,
} from "@anamnesis/protocol";
import { findCertificate, findSlip } from "@anamnesis/ledger";
import { keyOf, boxOf } from "../keys.ts";
import { signedKey } from "./chains.ts";
import type { MemoryChains } from "./chains.ts";

interface Held {
  readonly shares: ProxyShares;
  readonly grant: Uint8Array;
}

export class MemoryProxies {
  readonly away = new Set<number>();
  /** Proxies that answer with another proxy's share. */
  readonly faulty = new Set<number>();
  /** Codes with which proxies refuse. */
  readonly refuse = new Map<number, "STALE_CHAIN" | "TAG_NOT_GRANTED" | "RATE_LIMITED">();
  readonly asked: number[] = [];
  /** Proxies that send their last answer again, whatever they are asked, and what they answered last. */
  readonly repeat = new Set<number>();
  readonly answered = new Map<number, Uint8Array>();
  /** Requests that proxies kept when they turned somebody away: by proxy and hash (hex). */
  readonly turnedAway = new Map<string, SignedRequest>();
  readonly #held = new Map<string, Held>();
  readonly #erased = new Map<string, number>();
  readonly #intents = new Map<string, Evidence["intents"][number]>();
  readonly #trust: Trust;
  readonly #chains: MemoryChains;
  readonly #clock: () => number;

  constructor(trust: Trust, chains: MemoryChains, clock: () => number) {
    this.#trust = trust;
    this.#chains = chains;
    this.#clock = clock;
  }

  proxy(index: number): ProxyApi {
    const present = (): void => {
      if (this.away.has(index))
        throw new AnamnesisError("UNAVAILABLE", `Proxy ${index} cannot be used`);
    };
    return {
      keepShares: async (left) => {
        present();
        await this.#keep(index, left);
      },
      reencrypt: async (request, caller) => {
        present();
        this.asked.push(index);
        const code = this.refuse.get(index);
        if (code !== undefined) throw new AnamnesisError(code, "Refused");
        const shares = this.#lent(index, request);
        this.#remember(index, request, caller.keyId);
        const answer = await this.#answer(request, (item) => reencryptShare({ shares, ...item }));
        const sealed = await this.#sealed(caller, answerContext("shares", request, index), answer);
        const before = this.answered.get(index);
        this.answered.set(index, sealed);
        return this.repeat.has(index) ? (before ?? sealed) : sealed;
      },
      prove: async (request, caller) => {
        present();
        const shares = this.#lent(index, request);
        const answer = await this.#answer(request, ({ tag, capsule, ctx, digest }) =>
          sealSymmetric({
            key: shares.replyKey,
            aad: enc("proof", request.intent, digest),
            plaintext: proveShare({ shares, tag, capsule, ctx }),
          }),
        );
        return this.#sealed(caller, answerContext("proofs", request, index), answer);
      },
      evidence: async (gid, caller) => {
        present();
        assertOwner(gid, signedKey(caller));
        return this.#evidence(index, gid);
      },
      denied: async (gid, evidence, caller) => {
        present();
        assertOwner(gid, signedKey(caller));
        const request = this.turnedAway.get(`${index} ${evidence}`);
        if (request === undefined) throw new AnamnesisError("NOT_FOUND", "No such request");
        return request;
      },
      erase: async (gid, bytes) => {
        present();
        const slip = decodeSlip(bytes);
        if (slip.kind !== "grant.revoke" || toHex(slip.fields.gid) !== gid)
          throw new AnamnesisError("FORBIDDEN", "Want this grant's revocation");
        const name = `${index} ${gid}`;
        if (!this.#erased.has(name)) this.#erased.set(name, this.#clock());
        this.#held.delete(name);
        const { erasedAt, signature } = this.#evidence(index, gid).receipt!;
        return { v: 1, erasedAt, signature };
      },
    };
  }

  /** Has a proxy keep an opening as though it had answered under this intent. */
  tell(index: number, gid: string, served: Evidence["intents"][number]): void {
    this.#intents.set(`${index} ${gid} ${toHex(served.intent)}`, served);
  }

  async #keep(index: number, left: SharePackage): Promise<void> {
    const { secretKey } = await boxOf(`proxy ${index}`);
    const secret = shareSecret.decode(
      await openWith({
        secretKey,
        info: hpkeInfo.share,
        aad: grantContext(left.grant),
        sealed: left.sealed,
      }),
    );
    const grant = grantDocument.decode(left.grant);
    const shares = proxyShares({
      grant: left.grant,
      index,
      replyKey: secret.replyKey,
      tags: grant.tags.map(({ tag }) => tag),
      k: grant.k,
      points: secret.shares,
      commitments: left.commitments,
    });
    checkShares(shares);
    this.#held.set(`${index} ${gidOf(grant.key)}`, { shares, grant: left.grant });
  }

  /** The shares with which this proxy answers: its own, or a faulty one's. */
  #lent(index: number, request: ReencryptRequest): ProxyShares {
    const gid = toHex(request.gid);
    const held = this.#held.get(`${index} ${gid}`);
    if (held === undefined)
      throw new AnamnesisError("GRANT_NOT_HELD", "This proxy holds no such grant");
    if (!this.faulty.has(index)) return held.shares;
    const other = this.#held.get(`${(index % 4) + 1} ${gid}`)!;
    return {
      ...held.shares,
      tags: held.shares.tags.map((tag, t) => ({ ...tag, share: other.shares.tags[t]!.share })),
    };
  }

  async #answer(
    request: ReencryptRequest,
    answer: (item: {
      tag: Uint8Array;
      capsule: Uint8Array;
      ctx: Uint8Array;
      digest: Uint8Array;
    }) => Promise<Uint8Array>,
  ): Promise<ReencryptAnswer> {
    this.#checkIntent(request);
    const items: Uint8Array[] = [];
    for (const { record, session, capsules, header, confirmation } of request.items) {
      const proof = decodeSlipProof(record);
      const genesis = chainOf(this.#trust, proof.chain);
      verifySlipProof(genesis, decodeSlipProof(session));
      const { slip } = verifySlipProof(genesis, proof);
      if (slip.kind !== "record.submit" && slip.kind !== "record.amend")
        throw new AnamnesisError("NOT_ON_CHAIN", "Want a record");
      if (!isForTreatment(request.purpose))
        verifyConfirmation(
          genesis,
          decodeSlipProof(confirmation ?? new Uint8Array(0)),
          recordVersion(slip),
        );
      items.push(
        await answer({
          tag: slip.fields.tag,
          capsule: capsules.subarray(0, BYTES.capsule),
          ctx: sha256(header),
          digest: slip.fields.digest,
        }),
      );
    }
    return { v: 1, items };
  }

  async #sealed(
    { keyId }: { readonly keyId: string },
    aad: Uint8Array,
    answer: ReencryptAnswer,
  ): Promise<Uint8Array> {
    const { boxKey } = findCertificate(this.#consortium().state, parseFingerprint(keyId))!;
    const plaintext = reencryptAnswer.encode(answer);
    return sealTo({ publicKey: boxKey, info: hpkeInfo.answer, aad, plaintext });
  }

  #checkIntent(request: ReencryptRequest): void {
    const { intent } = request;
    const found = findSlip(this.#consortium().state, slipIdFrom(intent));
    const slip = found === undefined ? undefined : decodeSlip(found.slip);
    if (
      slip?.kind !== "usage.intent" ||
      toHex(slip.fields.commitment) !== toHex(intentCommitment(request))
    ) {
      throw new AnamnesisError("INTENT_MISSING", "No such intent is on the chain");
    }
  }

  #remember(index: number, request: ReencryptRequest, reader: string): void {
    const { gid, intent, salt, action, purpose, digests } = request;
    this.tell(index, toHex(gid), {
      intent,
      reader: fromHex(reader),
      salt,
      action,
      purpose,
      digests: [...digests],
      time: this.#clock(),
    });
  }

  #evidence(index: number, gid: string): Evidence {
    const erasedAt = this.#erased.get(`${index} ${gid}`);
    const signature = sign({
      type: "RECEIPT",
      message: encodeCanonical([fromHex(gid), erasedAt ?? 0]),
      secretKey: keyOf(`proxy ${index}`).secretKey,
    });
    const intents = [...this.#intents]
      .filter(([name]) => name.startsWith(`${index} ${gid} `))
      .map(([, value]) => value);
    return {
      v: 1,
      intents,
      receipt: erasedAt === undefined ? null : { erasedAt, signature },
    };
  }

  #consortium() {
    return this.#chains.chain(this.#trust.chains.find(({ kind }) => kind === "consortium")!.chain);
  }
}

function assertOwner(gid: string, key: Uint8Array | undefined): void {
  if (key === undefined || gidOf(key) !== gid)
    throw new AnamnesisError("FORBIDDEN", "Want the grant's own key");
}
