import { decodeSlip } from "@anamnesis/protocol";
import type { Purpose, Slip } from "@anamnesis/protocol";
import type { Session } from "../session.ts";

/** In one item of the device: a page is written anew while it fills. */
const USES_AN_ITEM = 256;

/** What proxies said of an intent that opens its commitment. */
export interface Served {
  readonly purpose: Purpose;
  /** Hex, in the intent's order. */
  readonly digests: readonly string[];
  /** Indices, ascending. */
  readonly proxies: readonly number[];
}

/** A slip of use that was proven, and what was served under it. */
export interface KnownUse {
  readonly slip: Slip;
  readonly served?: Served;
}

/**
 * Uses that this device has proved before: a slip that stood on its chain stands there for good, and is not proved again. What
 * proxies told stays told when they are away or have lost it.
 */
export class KnownUses {
  readonly #session: Session;
  readonly #subject: string;
  readonly #uses = new Map<string, KnownUse>();
  readonly #places = new Map<string, number>();
  readonly #changed = new Set<number>();

  private constructor(session: Session, subject: string) {
    this.#session = session;
    this.#subject = subject;
  }

  /** @param subject - Of what: a grant's id or a visit's, hex. @throws {AnamnesisError} STORE_CORRUPT */
  static async of(session: Session, subject: string): Promise<KnownUses> {
    const known = new KnownUses(session, subject);
    for (let n = 0; ; n += 1) {
      const item = await session.device.items.get("provenUses", itemName(subject, n));
      if (item === undefined) return known;
      for (const { slip: bytes, served } of item.uses) {
        const slip = decodeSlip(bytes);
        known.#uses.set(slip.id, served === null ? { slip } : { slip, served });
        known.#places.set(slip.id, n);
      }
    }
  }

  /** @param id - Of its slip. */
  get(id: string): KnownUse | undefined {
    return this.#uses.get(id);
  }

  put(use: KnownUse): void {
    const { id } = use.slip;
    const place = this.#places.get(id) ?? Math.floor(this.#uses.size / USES_AN_ITEM);
    this.#uses.set(id, use);
    this.#places.set(id, place);
    this.#changed.add(place);
  }

  /** Writes what was put. Who else writes at the same time may be lost, and is proved again. */
  async save(): Promise<void> {
    const changed = [...this.#changed].toSorted((a, b) => a - b);
    this.#changed.clear();
    for (const place of changed) {
      const uses = [...this.#uses.values()]
        .filter(({ slip }) => this.#places.get(slip.id) === place)
        .map(({ slip, served }) => ({ slip: slip.bytes, served: served ?? null }));
      await this.#session.device.items.put("provenUses", itemName(this.#subject, place), { uses });
    }
  }
}

const itemName = (subject: string, n: number): string => `${subject} ${n}`;
