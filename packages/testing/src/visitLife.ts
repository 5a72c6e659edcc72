/** What happens around a visit beside its doctors' slips, at random: claims, own records, foreign amendments, rewraps. */
import { fromHex } from "@anamnesis/crypto/verify";
import { bytesOf, keyOf } from "./keys.ts";
import type { MadeSlip, TestChain } from "./testChain.ts";
import { claimFields, foreignFields, ownFields, permitFor, rewrapFields } from "./visitSlips.ts";

/** A record that a slip began, accepted or not; `newest` is the label of its newest digest. */
export interface LivedRecord {
  readonly id: string;
  readonly visit: string;
  readonly label: string;
  newest: string;
}

export class VisitLife {
  readonly #chain: TestChain;
  readonly #below: (bound: number) => number;
  readonly #label: (what: string) => string;
  /** By visit, where a claim may have put another key in the place of the first. */
  readonly #signers = new Map<string, string>();

  constructor(chain: TestChain, below: (bound: number) => number, label: (what: string) => string) {
    this.#chain = chain;
    this.#below = below;
    this.#label = label;
  }

  /** The label of the key that signs for a visit; now and then of the one that did first. */
  signerOf(visit: string): string {
    return this.#below(8) === 0 ? visit : (this.#signers.get(visit) ?? visit);
  }

  claim(visit: string): MadeSlip {
    const by = this.signerOf(visit);
    const to = this.#label("signer");
    this.#signers.set(visit, to);
    return this.#chain.slip("session.claim", claimFields(visit, by, to), keyOf(by));
  }

  own(visit: string): { slip: MadeSlip; record: LivedRecord } {
    const by = this.signerOf(visit);
    const label = this.#label("own");
    const slip = this.#chain.slip("record.own", ownFields(visit, label, by), keyOf(by));
    return { slip, record: { id: slip.id, visit, label, newest: `digest ${label}` } };
  }

  rewrap(record: LivedRecord): MadeSlip {
    const by = this.signerOf(record.visit);
    const fields = rewrapFields(by, this.#next(record));
    return this.#chain.slip("record.rewrap", fields, keyOf(by));
  }

  amendForeign(record: LivedRecord): MadeSlip {
    const chain = this.#chain;
    const visit = this.signerOf(record.visit);
    const author = "dr-chen";
    const of = [fromHex(record.id), bytesOf(`tag ${record.label}`, 16)][this.#below(3)];
    const notAfter = chain.time + this.#below(3000);
    const permit = of === undefined ? null : permitFor(visit, author, { of, notAfter });
    const names = { visit, author, permit };
    const fields = foreignFields(chain.genesis.chain, names, this.#next(record));
    return chain.slip("record.amendForeign", fields, keyOf(permit === null ? visit : author));
  }

  #next(record: LivedRecord): { record: Uint8Array; before: Uint8Array; digest: Uint8Array } {
    const label = this.#label("version");
    const before = bytesOf(record.newest);
    if (this.#below(3) > 0) record.newest = label;
    return { record: fromHex(record.id), before, digest: bytesOf(label) };
  }
}
