import { openObjectId, readStoredRecord } from "@anamnesis/crypto/open";
import type { StoredRecord } from "@anamnesis/crypto/open";
import { CryptoError } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Vault } from "@anamnesis/protocol";
import type { Session } from "./session.ts";
import { askMembers } from "./members/ask.ts";
import { vaultsToAsk } from "./vaultChoice.ts";
import type { PassedVault } from "./vaultChoice.ts";

/** Gets what a vault wants to be shown, then the download. */
type Ready = (vault: Vault) => Promise<() => Promise<ReadableStream<Uint8Array>>>;

/** Where a record lies, as its slip says to whoever holds the tag's address key. */
export class StoredObject {
  /** SHA-256 of the sealed chunks. */
  readonly bodyHash: Uint8Array;
  /** Vaults that were asked and did not give it; right once it was read to its end. */
  readonly passed: PassedVault[] = [];
  readonly #ready: Ready;
  readonly #left: Vault[];
  readonly #failures: AnamnesisError[] = [];

  constructor(bodyHash: Uint8Array, vaults: readonly Vault[], ready: Ready) {
    this.bodyHash = bodyHash;
    this.#left = [...vaults];
    this.#ready = ready;
  }

  /**
   * Downloads the object from the first vault in order whose bytes are taken.
   *
   * @throws {AnamnesisError} when none gives it: the first failure that is neither absence nor silence, if there is one;
   * UNAVAILABLE and others of the node that signs tickets.
   */
  async read<T>(take: (object: ReadableStream<Uint8Array>) => Promise<T>): Promise<T> {
    for (;;) {
      const [vault] = this.#left;
      if (vault === undefined) throw this.#failure();
      const download = await this.#ready(vault);
      try {
        return await take(await download());
      } catch (error) {
        this.passOver(error);
      }
    }
  }

  /**
   * The vault that was read last failed: the next is read from now on.
   *
   * @throws what it failed with when that is no vault's fault; {@link read}'s failure when no vault is left.
   */
  passOver(error: unknown): void {
    const vault = this.#left[0];
    const failure = asFailure(error);
    if (vault === undefined || failure === undefined) throw error;
    this.#left.shift();
    this.#failures.push(failure);
    const { id, institution } = vault;
    this.passed.push({ vault: id, institution, code: failure.code });
    if (this.#left.length === 0) throw this.#failure();
  }

  #failure(): Error {
    const telling = (dull: readonly string[]): AnamnesisError | undefined =>
      this.#failures.find(({ code }) => !dull.includes(code));
    return (
      telling(["NOT_FOUND", "UNAVAILABLE"]) ??
      telling(["NOT_FOUND"]) ??
      new AnamnesisError("NOT_FOUND", "No vault holds the record")
    );
  }
}

/** What can be a vault's doing: it answered with a code, or its bytes do not open. */
function asFailure(error: unknown): AnamnesisError | undefined {
  if (error instanceof AnamnesisError) return error;
  if (!(error instanceof CryptoError) || error.code !== "E_DECRYPT") return undefined;
  return new AnamnesisError("E_DECRYPT", error.message, { cause: error });
}

/**
 * Finds the object of a record: its id lies sealed in the slip, the chain's vaults stand in order, a member's node gives the
 * ticket to each.
 *
 * @throws {CryptoError} E_DECRYPT when the slip's sealed id is not for this address key.
 */
export async function findObject(
  session: Session,
  input: {
    readonly chain: string;
    readonly sealedId: Uint8Array;
    readonly addressKey: Uint8Array;
  },
): Promise<StoredObject> {
  const { chain, addressKey, sealedId: sealed } = input;
  const { objectId: object, bodyHash } = await openObjectId({ addressKey, sealed });
  const vaults = vaultsToAsk(session, { chain, object });
  return new StoredObject(bodyHash, vaults, async ({ id: vault }) => {
    const wish = { vault, chain, action: "get", object } as const;
    const ticket = await askMembers(session, chain, (node) => node.ticket(wish));
    return () => session.network.vault(vault).get(object, ticket);
  });
}

/**
 * Opens the head of a stored object; its body waits to be read once.
 *
 * @throws {AnamnesisError} E_DECRYPT whatever is wrong with it.
 */
export async function readHead(
  source: ReadableStream<Uint8Array>,
  addressKey: Uint8Array,
): Promise<StoredRecord> {
  try {
    return await readStoredRecord({ source, addressKey });
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new AnamnesisError(
      "E_DECRYPT",
      "Cannot open the stored record: it was changed, or is another one",
      { cause },
    );
  }
}
