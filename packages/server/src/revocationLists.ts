import { CertificateList } from "@peculiar/asn1-x509";
import { toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import { AnamnesisError, readDer, registryRoutes } from "@anamnesis/protocol";
import type { CaKey, ResponseOf } from "@anamnesis/protocol";

const FRESH_MS = 60_000;
const TIMEOUT_MS = 5_000;

interface Made {
  readonly care: number;
  readonly thirdParties: number;
}
/** What one list says. Times are Unix milliseconds. */
interface List {
  readonly serials: readonly string[];
  readonly madeAt: number;
  readonly validTo: number;
}

/**
 * The registry's revocation lists (RFC 5280 section 5), fetched when older than a minute. Patients' certificates stand
 * on no chain, so this is the only place that knows of their revocation. Without a list that was ever seen and is not
 * past its nextUpdate, nobody is let in.
 */
export class RevocationLists {
  readonly #registry: Part;
  readonly #cas: readonly CaKey[];
  readonly #now: () => number;
  #revoked = new Set<string>();
  #fetchedAt = 0;
  #validTo = 0;
  /** When the newest list of each authority was made. */
  #madeAt: Made = { care: 0, thirdParties: 0 };
  #refreshing: Promise<void> | undefined;

  constructor(config: { registry: string; cas: readonly CaKey[]; now: () => number }) {
    this.#registry = new Part("registry", config.registry, { timeoutMs: TIMEOUT_MS });
    this.#cas = config.cas;
    this.#now = config.now;
  }

  /** @throws {AnamnesisError} CERTIFICATE_NOT_LIVE if revoked, UNAVAILABLE if no valid list is to be had. */
  async assertNotRevoked(serial: Uint8Array): Promise<void> {
    if (this.#now() - this.#fetchedAt > FRESH_MS) {
      this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
      await this.#refreshing;
    }
    if (this.#now() > this.#validTo)
      throw new AnamnesisError("UNAVAILABLE", "The registry's revocation list cannot be had");
    if (this.#revoked.has(toHex(serial)))
      throw new AnamnesisError("CERTIFICATE_NOT_LIVE", "Certificate refused: it is revoked");
  }

  async #refresh(): Promise<void> {
    let answer: ResponseOf<typeof registryRoutes.getRevocationLists>;
    try {
      answer = await this.#registry.call(registryRoutes.getRevocationLists, {});
    } catch {
      return; // What was fetched before serves until its nextUpdate.
    }
    const care = this.#read(answer.care, "care");
    const thirdParties = this.#read(answer.thirdParties, "third-parties");
    if (care === undefined || thirdParties === undefined) return;
    const before = this.#madeAt;
    // An older list of either, shown again, would undo a revocation.
    if (care.madeAt < before.care || thirdParties.madeAt < before.thirdParties) return;
    this.#madeAt = { care: care.madeAt, thirdParties: thirdParties.madeAt };
    this.#revoked = new Set([...care.serials, ...thirdParties.serials]);
    this.#validTo = Math.min(care.validTo, thirdParties.validTo);
    this.#fetchedAt = this.#now();
  }

  #read(encoded: Uint8Array, issuer: string): List | undefined {
    const key = this.#cas.find(({ id }) => id === issuer)?.key;
    if (key === undefined) return undefined;
    try {
      const list = readDer(encoded, CertificateList);
      const { tbsCertList: tbs, tbsCertListRaw: signed, signature } = list;
      if (signed === undefined) return undefined;
      const holds = verifySignatureRaw({
        message: new Uint8Array(signed),
        publicKey: key,
        signature: new Uint8Array(signature),
      });
      if (!holds) return undefined;
      return {
        serials: (tbs.revokedCertificates ?? []).map(({ userCertificate }) =>
          toHex(new Uint8Array(userCertificate)),
        ),
        madeAt: tbs.thisUpdate.getTime().getTime(),
        validTo: tbs.nextUpdate?.getTime().getTime() ?? 0,
      };
    } catch {
      return undefined; // A list that cannot be read is no list.
    }
  }
}
