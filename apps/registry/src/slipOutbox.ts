import { fromHex } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import {
  AnamnesisError,
  consortiumOf,
  invariant,
  limits,
  makeSlip,
  memberOf,
  nodeRoutes,
  slipCodes,
} from "@anamnesis/protocol";
import type { Fingerprint, Genesis, SlipCode, Trust } from "@anamnesis/protocol";
import type { Authority, IssuerId } from "./authority.ts";
import type { CertificateEntry, People } from "./people.ts";
import type { SealedStore } from "./sealedStore.ts";

export type SlipIntent = {
  readonly fingerprint: Fingerprint;
  readonly verb: "certify" | "rotate" | "revoke";
  readonly chain: string;
};

/** What says that the chain holds already what was to be put on it. */
const doneCodes: Record<SlipIntent["verb"], readonly string[]> = {
  certify: ["REPLAYED", "CERTIFICATE_EXISTS"],
  rotate: ["REPLAYED", "CERTIFICATE_EXISTS"],
  revoke: ["REPLAYED", "CERTIFICATE_REVOKED"],
};

/** A node said no, so nothing was written: the opposite of not knowing. */
class RefusedByChain extends AnamnesisError {}

/**
 * Statements about staff certificates that have yet to reach the chains. They are kept until a node has answered, so that neither a
 * crash nor a silent node loses one.
 */
export class SlipOutbox {
  readonly #store: SealedStore;
  readonly #people: People;
  readonly #issuers: Readonly<Record<IssuerId, Authority>>;
  readonly #trust: Trust;
  readonly #now: () => number;

  constructor(deps: {
    readonly store: SealedStore;
    readonly people: People;
    readonly issuers: Readonly<Record<IssuerId, Authority>>;
    readonly trust: Trust;
    readonly now: () => number;
  }) {
    this.#store = deps.store;
    this.#people = deps.people;
    this.#issuers = deps.issuers;
    this.#trust = deps.trust;
    this.#now = deps.now;
  }

  /** Chains that hold an institution's staff: its own, where it keeps one, and the consortium. */
  chainsOf(institution: string): readonly Genesis[] {
    const own = this.#trust.chains.filter(
      ({ kind, institution: owner }) => kind === "care" && owner === institution,
    );
    return [...own, consortiumOf(this.#trust)];
  }

  /**
   * Sends what waits about one certificate, in order.
   *
   * @returns `refused` when the first chain said no and nothing was written anywhere.
   * @throws {AnamnesisError} UNAVAILABLE when something still waits; it is tried again.
   */
  async send(fingerprint: Fingerprint): Promise<"sent" | "refused"> {
    const waiting = this.#waiting().filter((intent) => intent.fingerprint === fingerprint);
    const institution = this.#people.certificate(fingerprint)?.institution ?? "";
    const isUntouched = waiting.length === this.chainsOf(institution).length;
    for (const [at, intent] of waiting.entries()) {
      try {
        await this.#post(intent);
      } catch (error) {
        if (at === 0 && isUntouched && error instanceof RefusedByChain) return "refused";
        throw new AnamnesisError(
          "UNAVAILABLE",
          "The chains do not take the certificate now; it is tried again",
          { cause: error },
        );
      }
    }
    return "sent";
  }

  /** Tries everything that waits once. @returns how much still waits. */
  async sendAll(): Promise<number> {
    let left = 0;
    for (const intent of this.#waiting()) {
      await this.#post(intent).catch(() => {
        left += 1;
      });
    }
    return left;
  }

  #waiting(): SlipIntent[] {
    const order = (intent: SlipIntent): string =>
      `${intent.verb}${consortiumOf(this.#trust).chain === intent.chain ? 1 : 0}`;
    const waiting = this.#store.values("slip") as unknown as SlipIntent[];
    return waiting.toSorted((left, right) => order(left).localeCompare(order(right), "en"));
  }

  async #post(intent: SlipIntent): Promise<void> {
    const entry = this.#people.certificate(intent.fingerprint);
    const genesis = this.#trust.chains.find(({ chain }) => chain === intent.chain);
    if (entry !== undefined && genesis !== undefined) {
      const slip = this.#slip(intent, entry, genesis);
      await this.#postTo(carriers(genesis, entry.institution), intent, slip);
    }
    dropIntent(this.#store, intent);
  }

  /** Asks one node after the other until one answers. */
  async #postTo(addresses: readonly string[], intent: SlipIntent, slip: Uint8Array): Promise<void> {
    let last: unknown;
    for (const address of addresses) {
      try {
        await new Part("node", address, { timeoutMs: POST_MS }).call(nodeRoutes.postSlip, {
          params: { chain: intent.chain },
          body: slip,
        });
        return;
      } catch (error) {
        const code = error instanceof AnamnesisError ? error.code : "INTERNAL";
        if (doneCodes[intent.verb].includes(code)) return;
        if (isSlipCode(code)) throw new RefusedByChain(code, "The chain refused the certificate");
        last = error;
      }
    }
    throw last;
  }

  #slip(
    { verb, fingerprint }: SlipIntent,
    entry: CertificateEntry,
    { chain }: Genesis,
  ): Uint8Array {
    const issuer = this.#issuers[entry.issuer];
    const time = this.#now();
    const header = { chain, time, notAfter: time + limits.clientNotAfterMs };
    const sign = (type: string, message: Uint8Array): Uint8Array => issuer.sign(type, message);
    if (verb === "revoke") {
      return makeSlip(
        "identity.revoke",
        header,
        { fingerprint: fromHex(fingerprint), by: issuer.id },
        sign,
      ).bytes;
    }
    const { name, role, institution, signingKey, boxKey, validFrom, validTo, der } = entry;
    const { registrar, commitment, signature: registered } = entry.registration;
    const fields = {
      issuer: issuer.id,
      fingerprint: fromHex(fingerprint),
      name,
      role,
      institution,
      signingKey,
      boxKey,
      validFrom,
      validTo,
      der,
      registrar,
      commitment,
      registered,
    };
    if (verb === "certify") return makeSlip("identity.certify", header, fields, sign).bytes;
    invariant(entry.replaces !== null, "a rotation replaces a certificate");
    const replaces = fromHex(entry.replaces);
    return makeSlip("identity.rotate", header, { ...fields, replaces }, sign).bytes;
  }
}

/** Lets a statement wait; call it in the transaction that makes it true. */
export const keepIntent = (store: SealedStore, intent: SlipIntent): void =>
  store.put({ ...intent }, "slip", intent.verb, intent.fingerprint, intent.chain);

export const dropIntent = (store: SealedStore, intent: SlipIntent): void =>
  store.remove("slip", intent.verb, intent.fingerprint, intent.chain);

/** Nodes to ask, the institution's own first: it carries what concerns its staff. Its own chain takes no other. */
function carriers(genesis: Genesis, institution: string): string[] {
  const own = genesis.members.filter(({ id }) => id === institution);
  if (genesis.kind === "care") return [memberOf(genesis, institution).address];
  return [...own, ...genesis.members.filter(({ id }) => id !== institution)].map(
    ({ address }) => address,
  );
}

const POST_MS = 5_000;

const isSlipCode = (code: string): code is SlipCode => Object.hasOwn(slipCodes, code);
