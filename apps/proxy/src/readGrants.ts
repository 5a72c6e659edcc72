import { toHex } from "@anamnesis/crypto/verify";
import { grantDocument } from "@anamnesis/protocol";
import type { Grant } from "@anamnesis/protocol";
import type { HeldGrant } from "./store.ts";

const BYTES_MAX = 8 * 1024 * 1024;

/**
 * Grants as they were read last, by digest: one of a thousand tags is decoded once, not at every record. No share, reply key
 * or word on whether the grant is live is among them: those are looked up each time, so that what ends ends here, too.
 */
export class ReadGrants {
  /** Least recently used first. */
  readonly #documents: (gid: string) => Uint8Array;
  readonly #read = new Map<string, { readonly grant: Grant; readonly bytes: number }>();
  readonly #bytesMax: number;
  #bytes = 0;

  /** @param documents - The grant that is held under a gid. */
  constructor(documents: (gid: string) => Uint8Array, bytesMax: number = BYTES_MAX) {
    this.#documents = documents;
    this.#bytesMax = bytesMax;
  }

  /** Canonical bytes of the grants that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  of(gid: string, { digest }: Pick<HeldGrant, "digest">): Grant {
    const name = toHex(digest);
    const known = this.#read.get(name);
    const entry = known ?? this.#decoded(gid);
    this.#read.delete(name);
    this.#read.set(name, entry);
    if (known === undefined) this.#bytes += entry.bytes;
    this.#makeRoom();
    return entry.grant;
  }

  #decoded(gid: string): { readonly grant: Grant; readonly bytes: number } {
    const document = this.#documents(gid);
    return { grant: grantDocument.decode(document), bytes: document.length };
  }

  #makeRoom(): void {
    for (const [name, { bytes }] of this.#read) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#read.delete(name);
      this.#bytes -= bytes;
    }
  }
}
