import { AnamnesisError } from "@anamnesis/protocol";

/**
 * An authority as a Host header names it (RFC 9421 section 2.2.3): lower case, without a scheme's own port.
 *
 * @param address - A URL, or host and port as in a Host header.
 * @throws {AnamnesisError} BAD_REQUEST
 */
export function authorityOf(address: string): string {
  if (!address.includes("://")) return address.toLowerCase();
  try {
    return new URL(address).host;
  } catch (cause) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      `Authority '${address}' is no URL; want host and port, or a URL`,
      { cause },
    );
  }
}

/** All by which one server is reached: what its configuration names, and the address it listens on. */
export class OwnAuthorities {
  readonly #own: Set<string>;

  /** @param named - Empty ones are passed over. @throws {AnamnesisError} BAD_REQUEST */
  constructor(named: readonly string[]) {
    this.#own = new Set(named.filter((address) => address !== "").map(authorityOf));
  }

  /** @param address - `http://host:port`. @param host - As it was asked for: a name that stands for this address. */
  listensOn(address: string, host: string): void {
    this.#own.add(authorityOf(address));
    this.#own.add(authorityOf(`${host}:${new URL(address).port}`));
  }

  /** The authority that a Host header names, if it is one of these. */
  named(host: string | undefined): string | undefined {
    const authority = host?.toLowerCase();
    return authority !== undefined && this.#own.has(authority) ? authority : undefined;
  }
}
