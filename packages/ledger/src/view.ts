import { sha256 } from "@anamnesis/crypto/verify";
import { InvariantError, decodeSlip } from "@anamnesis/protocol";
import type {
  CareChainState,
  CertificateState,
  GrantState,
  InstitutionState,
  Slip,
  Voter,
} from "@anamnesis/protocol";
import type { Session, StoredSlip } from "./codecs.ts";
import { numberAt } from "./keys.ts";
import { firstVersion, laterVersion } from "./recordVersions.ts";
import type { RecordFirst, RecordVersion } from "./recordVersions.ts";
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

  /** The pid for which a key signs or signed: that of the visit it was claimed for, else SHA-256(key), open or not. */
  pidOfKey(key: Uint8Array): Uint8Array {
    const claim = this.#claim(rows.claimTo.key(key));
    return claim === undefined ? sha256(key) : claim.fields.pid;
  }

  /** Whether a claim put another key in the place of this one. */
  isReplaced(key: Uint8Array): boolean {
    return this.has(rows.claimFrom.key(key));
  }

  /** The key that signs for a visit now. */
  visitKey(session: Session): Uint8Array {
    const opened = this.slipAt(session.sequence)?.slip;
    if (opened?.kind !== "session.open") throw new InvariantError("a visit was opened by no slip");
    let { key } = opened.fields;
    for (;;) {
      const claim = this.#claim(rows.claimFrom.key(key));
      if (claim === undefined) return key;
      key = claim.fields.newKey;
    }
  }

  #claim(key: string): Slip<"session.claim"> | undefined {
    const sequence = readRow(this.#state, rows.claimTo, key);
    if (sequence === undefined) return undefined;
    const slip = this.slipAt(sequence)?.slip;
    if (slip?.kind !== "session.claim")
      throw new InvariantError("a claim leads to no session.claim");
    return slip;
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

  /** @param record - Id of the slip that begins it. */
  record(record: Uint8Array): RecordFirst | undefined {
    const found = this.slip(record);
    return found === undefined ? undefined : firstVersion(found);
  }

  /** Every version of a record, oldest first; empty when there is no such record. */
  versions(record: Uint8Array): RecordVersion[] {
    const first = this.record(record);
    if (first === undefined) return [];
    const found: RecordVersion[] = [first];
    for (;;) {
      const sequence = readRow(this.#state, rows.version, rows.version.key(record, found.length));
      const next = sequence === undefined ? undefined : this.slipAt(sequence);
      if (next === undefined) return found;
      found.push(laterVersion(found.at(-1)!, next));
    }
  }

  /** Whether the patient's word stands on this version, or on one before it that holds the same content. */
  isJudged(
    row: typeof rows.confirmation | typeof rows.dispute,
    record: Uint8Array,
    { digests }: RecordVersion,
  ): boolean {
    return digests.some((digest) => this.has(row.key(record, digest)));
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
