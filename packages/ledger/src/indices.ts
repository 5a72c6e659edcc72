import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import { InvariantError } from "@anamnesis/protocol";
import type { Slip } from "@anamnesis/protocol";
import { intentFact } from "./facts.ts";
import type { StateView } from "./state.ts";
import { indexPrefixes, stateKeys } from "./stateKeys.ts";
import { nameHash } from "./transitions/identityCertify.ts";
import type { Reader } from "./view.ts";

/** The index entries that an accepted slip leaves, at its place on the chain: key and the 32-byte id it leads to. */
function indexEntriesOf(
  state: Reader,
  { kind, fields, id }: Slip,
  sequence: number,
): (readonly [string, Uint8Array])[] {
  const slip = fromHex(id);
  switch (kind) {
    case "record.submit":
      return [
        [stateKeys.byTag(toHex(fields.tag), sequence), slip],
        [stateKeys.byPid(toHex(fields.pid), sequence), slip],
      ];
    case "access.request":
      return [[stateKeys.byBody(toHex(fields.body), sequence), slip]];
    case "usage.intent":
    case "usage.denied":
      return [[stateKeys.byGrant(toHex(fields.gid), sequence), slip]];
    case "usage.done":
      return [[stateKeys.byGrant(gidOfIntent(state, toHex(fields.intent)), sequence), slip]];
    case "identity.certify":
    case "identity.rotate":
      return [
        [stateKeys.byName(nameHash(fields.name), toHex(fields.fingerprint)), fields.fingerprint],
        [
          stateKeys.byInstitution(fields.institution, toHex(fields.fingerprint)),
          fields.fingerprint,
        ],
      ];
    default:
      return [];
  }
}

function gidOfIntent(state: Reader, intent: string): string {
  const bytes = state.get(stateKeys.intent(intent));
  if (bytes === undefined) throw new InvariantError("a usage.done stands without its intent");
  return toHex(intentFact.decode(bytes).gid);
}

/** Compares the stored index with what the slips leave: none is missing, none leads elsewhere, none is too many. */
export class IndexCount {
  readonly #state: StateView;
  readonly #faults: string[];
  #expected = 0;

  constructor(state: StateView, faults: string[]) {
    this.#state = state;
    this.#faults = faults;
  }

  expect(slip: Slip, sequence: number): void {
    for (const [key, id] of indexEntriesOf(this.#state, slip, sequence)) {
      const stored = this.#state.get(key);
      if (stored === undefined || !equalBytes(stored, id))
        this.#faults.push(`an index entry of a ${slip.kind} is missing or leads elsewhere`);
      this.#expected += 1;
    }
  }

  finish(): void {
    let found = 0;
    for (const prefix of indexPrefixes) for (const _ of this.#state.range(prefix)) found += 1;
    if (found !== this.#expected)
      this.#faults.push(`${found} index entries, want ${this.#expected}`);
  }
}
