import { InvariantError, decodeSlip } from "@anamnesis/protocol";
import type {
  CareChainState,
  CertificateState,
  GrantState,
  InstitutionId,
  InstitutionState,
  Slip,
  Voter,
} from "@anamnesis/protocol";
import type { Session, StoredSlip } from "./codecs.ts";
import { numberAt } from "./keys.ts";
import { rows } from "./rows.ts";
import type { Row } from "./rows.ts";
import type { StateView, Writes } from "./state.ts";

/** What the state machine reads from: the committed state, or that with a block's writes on top. */
export type Reader = Pick<StateView, "get">;

/** The state before a block under what the block changed so far. */
export const overlay = (state: Reader, writes: Writes): Reader => ({
  get: (key) => (writes.has(key) ? writes.get(key) : state.get(key)),
});

/** Reads each key once: the state before a block does not change while the block runs. */
export function remembering(state: Reader): Reader {
  const read = new Map<string, Uint8Array | undefined>();
  return {
    get(key) {
      if (read.has(key)) return read.get(key);
      const value = state.get(key);
      read.set(key, value);
      return value;
    },
  };
}

/** The entry of a row under a key of it. */
export function readRow<V>(
  state: Reader,
  row: Pick<Row<never[], V>, "decode">,
  key: string,
): V | undefined {
  const bytes = state.get(key);
  return bytes === undefined ? undefined : row.decode(bytes);
}

/** An accepted slip with its place. */
export interface PlacedSlip {
  readonly slip: Slip;
  readonly stored: StoredSlip;
  readonly sequence: number;
}

/** One version of a record: what `record.submit` (version 0) and each `record.amend` add. `author` is a fingerprint. */
export interface RecordVersion {
  /** Id of the slip. */
  readonly slip: Slip["id"];
  readonly digest: Uint8Array;
  readonly sealedId: Uint8Array;
  readonly author: Uint8Array;
  readonly time: number;
}

/** A record and its version 0. */
export interface RecordFirst extends RecordVersion {
  readonly institution: InstitutionId;
  readonly pid: Uint8Array;
  readonly tag: Uint8Array;
}

/** The state in the terms of the kinds' rules. Ids are bytes. Members and certificates are decoded once as long as their bytes stay. */
export class LedgerView {
  readonly #state: Reader;
  readonly #decoded = new Map<string, { readonly bytes: Uint8Array; readonly value: unknown }>();

  constructor(state: Reader) {
    this.#state = state;
  }

  has(key: string): boolean {
    return this.#state.get(key) !== undefined;
  }

  /** @param fingerprint - 32 bytes. */
  certificate(fingerprint: Uint8Array): CertificateState | undefined {
    return this.#once(rows.certificate, rows.certificate.key(fingerprint));
  }

  institution(id: string): InstitutionState | undefined {
    return this.#once(rows.institution, rows.institution.key(id));
  }

  /** The voters, by id. */
  voters(): readonly Voter[] {
    return this.#once(rows.voters, rows.voters.key()) ?? [];
  }

  /** A care chain that the consortium knows. */
  careChain(chain: string): CareChainState | undefined {
    return readRow(this.#state, rows.careChain, rows.careChain.key(chain));
  }

  grant(gid: Uint8Array): GrantState | undefined {
    return readRow(this.#state, rows.grant, rows.grant.key(gid));
  }

  session(pid: Uint8Array): Session | undefined {
    return readRow(this.#state, rows.session, rows.session.key(pid));
  }

  /** @param id - 32 bytes. */
  slip(id: Uint8Array): PlacedSlip | undefined {
    const sequence = readRow(this.#state, rows.slipId, rows.slipId.key(id));
    return sequence === undefined ? undefined : this.slipAt(sequence);
  }

  slipAt(sequence: number): PlacedSlip | undefined {
    const stored = readRow(this.#state, rows.slip, rows.slip.key(sequence));
    return stored === undefined ? undefined : { slip: decodeSlip(stored.bytes), stored, sequence };
  }

  /** The slips that an index leads to under a key of it, oldest first. */
  *slipsUnder(state: StateView, key: string): Iterable<PlacedSlip> {
    for (const [entry] of state.range(key)) {
      const found = this.slipAt(numberAt(entry, key.length));
      if (found === undefined) throw new InvariantError("an index leads to no slip");
      yield found;
    }
  }

  /** @param record - Id of its `record.submit`. */
  record(record: Uint8Array): RecordFirst | undefined {
    const found = this.slip(record);
    if (found?.slip.kind !== "record.submit") return undefined;
    const { pid, tag } = found.slip.fields;
    return { institution: found.stored.carrier, pid, tag, ...versionOf(found.slip, found.stored) };
  }

  /** Every version of a record, oldest first; empty when there is no such record. */
  versions(record: Uint8Array): RecordVersion[] {
    const first = this.record(record);
    if (first === undefined) return [];
    const found: RecordVersion[] = [first];
    for (;;) {
      const sequence = readRow(this.#state, rows.version, rows.version.key(record, found.length));
      const next = sequence === undefined ? undefined : this.slipAt(sequence);
      if (next?.slip.kind !== "record.amend") return found;
      found.push(versionOf(next.slip, next.stored));
    }
  }

  /** @param request - Id of an `access.request`. */
  request(request: Uint8Array): Slip<"access.request"> | undefined {
    const slip = this.slip(request)?.slip;
    return slip?.kind === "access.request" ? slip : undefined;
  }

  /** @param intent - Id of a `usage.intent`. */
  intent(intent: Uint8Array): Slip<"usage.intent"> | undefined {
    const slip = this.slip(intent)?.slip;
    return slip?.kind === "usage.intent" ? slip : undefined;
  }

  #once<V>(row: Pick<Row<never[], V>, "decode">, key: string): V | undefined {
    const bytes = this.#state.get(key);
    if (bytes === undefined) return undefined;
    const known = this.#decoded.get(key);
    if (known?.bytes === bytes) return known.value as V;
    const value = row.decode(bytes);
    this.#decoded.set(key, { bytes, value });
    return value;
  }
}

function versionOf(
  { id, fields }: Slip<"record.submit"> | Slip<"record.amend">,
  { time }: StoredSlip,
): RecordVersion {
  const { digest, sealedId, cert: author } = fields;
  return { slip: id, digest, sealedId, author, time };
}
