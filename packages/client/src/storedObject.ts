import { openObjectId, readStoredRecord } from "@anamnesis/crypto/open";
import type { StoredRecord } from "@anamnesis/crypto/open";
import { concat, CryptoError } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Session } from "./session.ts";

/** A stored object that can be read more than once: small ones stay in memory, large ones are fetched again. */
export interface StoredObject {
  open(): Promise<AsyncIterable<Uint8Array>>;
}

const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Finds the object of a record in the vault: its id lies sealed in the slip, a member's node gives the ticket.
 *
 * @throws {CryptoError} E_DECRYPT when the slip's sealed id is not for this address key. @throws {AnamnesisError} NOT_FOUND, OBJECT_CORRUPT, UNAVAILABLE.
 */
export async function findObject(
  session: Session,
  input: {
    readonly chain: string;
    readonly institution: string;
    readonly sealedId: Uint8Array;
    readonly addressKey: Uint8Array;
  },
): Promise<StoredObject> {
  const object = await openObjectId({ addressKey: input.addressKey, sealed: input.sealedId });
  const node = session.network.node(input.institution);
  const fetchObject = async (): Promise<AsyncIterable<Uint8Array>> => {
    const ticket = await node.ticket({ chain: input.chain, action: "get", object });
    return session.network.vault().get(object, ticket);
  };
  let kept: Uint8Array | undefined;
  return {
    open: async () => {
      if (kept !== undefined) return once(kept);
      return keeping(await fetchObject(), (bytes) => {
        kept = bytes;
      });
    },
  };
}

/**
 * Opens the head of a stored object; its body waits to be read once.
 *
 * @throws {AnamnesisError} E_DECRYPT whatever is wrong with it; OBJECT_CORRUPT, NOT_FOUND, UNAVAILABLE.
 */
export async function readHead(
  object: StoredObject,
  addressKey: Uint8Array,
): Promise<StoredRecord> {
  const source = await object.open();
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

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Passes a stream on; keeps it too as long as it is small. */
async function* keeping(
  stream: AsyncIterable<Uint8Array>,
  keep: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] | undefined = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > KEPT_BYTES_MAX) parts = undefined;
    parts?.push(part);
    yield part;
  }
  if (parts !== undefined) keep(concat(...parts));
}
