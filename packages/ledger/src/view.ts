import { certificateState, grantState, institutionState } from "@anamnesis/protocol";
import type { CertificateState, GrantState, InstitutionState } from "@anamnesis/protocol";
import { intentFact, recordFact, requestFact, sessionFact, versionFact } from "./facts.ts";
import type { IntentFact, RecordFact, RecordVersion, RequestFact, Session } from "./facts.ts";
import type { StateView, Writes } from "./state.ts";
import { stateKeys } from "./stateKeys.ts";

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

/** The state in the terms of the transitions. Members and certificates are decoded once as long as their bytes stay. */
export class LedgerView {
  readonly #state: Reader;
  readonly #decoded = new Map<string, { readonly bytes: Uint8Array; readonly value: unknown }>();

  constructor(state: Reader) {
    this.#state = state;
  }

  has(key: string): boolean {
    return this.#state.get(key) !== undefined;
  }

  certificate(fingerprint: string): CertificateState | undefined {
    return this.#once(stateKeys.certificate(fingerprint), certificateState.decode);
  }

  institution(id: string): InstitutionState | undefined {
    return this.#once(stateKeys.institution(id), institutionState.decode);
  }

  grant(gid: string): GrantState | undefined {
    return this.#read(stateKeys.grant(gid), grantState.decode);
  }

  session(pid: string): Session | undefined {
    return this.#read(stateKeys.session(pid), sessionFact.decode);
  }

  record(record: string): RecordFact | undefined {
    return this.#read(stateKeys.record(record), recordFact.decode);
  }

  /** Every version of a record, oldest first; empty when there is no such record. */
  versions(record: string): RecordVersion[] {
    const first = this.record(record);
    if (first === undefined) return [];
    const found: RecordVersion[] = [first];
    for (;;) {
      const next = this.#read(stateKeys.version(record, found.length), versionFact.decode);
      if (next === undefined) return found;
      found.push(next);
    }
  }

  request(request: string): RequestFact | undefined {
    return this.#read(stateKeys.request(request), requestFact.decode);
  }

  intent(intent: string): IntentFact | undefined {
    return this.#read(stateKeys.intent(intent), intentFact.decode);
  }

  #read<T>(key: string, decode: (bytes: Uint8Array) => T): T | undefined {
    const bytes = this.#state.get(key);
    return bytes === undefined ? undefined : decode(bytes);
  }

  #once<T>(key: string, decode: (bytes: Uint8Array) => T): T | undefined {
    const bytes = this.#state.get(key);
    if (bytes === undefined) return undefined;
    const known = this.#decoded.get(key);
    if (known?.bytes === bytes) return known.value as T;
    const value = decode(bytes);
    this.#decoded.set(key, { bytes, value });
    return value;
  }
}
