import { toHex } from "@anamnesis/crypto/verify";
import type { Slip } from "@anamnesis/protocol";

/**
 * What an observer of the chains sees of one visit, one grant or one request: the slips that any chain value joins.
 * `patient` is the ground truth that the observer lacks.
 */
export interface Unit {
  readonly patient: string;
  readonly slips: readonly Slip[];
}

/** A value that two units of one patient share and no other patient's unit has. */
export interface Link {
  readonly patient: string;
  /** `kind.field` of each place. */
  readonly places: readonly string[];
}

/**
 * Design, I5: creation time, notAfter, author, reader and institution are outside the promise. The chain id is the institution's.
 * Which proxies answered is one of a few sets, drawn by chance at each opening: among few patients chance alone would
 * give a set to one of them.
 */
const outside = new Set([
  "time",
  "notAfter",
  "cert",
  "author",
  "authorKey",
  "reader",
  "institution",
  "chain",
  "kind",
  "carrier",
  "proxies",
]);

/** I5: values by which an observer could link two visits of one patient. Empty when the promise holds. */
export function linksBetween(units: readonly Unit[]): Link[] {
  const seen = new Map<string, { units: Set<Unit>; places: Set<string> }>();
  for (const unit of units) {
    for (const slip of unit.slips) {
      for (const [field, value] of valuesOf(slip)) {
        const entry = seen.get(value) ?? { units: new Set(), places: new Set() };
        entry.units.add(unit);
        entry.places.add(`${slip.kind}.${field}`);
        seen.set(value, entry);
      }
    }
  }
  return [...seen.values()]
    .filter(
      ({ units: sharing }) =>
        sharing.size > 1 && new Set([...sharing].map((unit) => unit.patient)).size === 1,
    )
    .map(({ units: sharing, places }) => ({
      patient: [...sharing][0]!.patient,
      places: [...places].toSorted(),
    }));
}

/** Every scalar and list in a slip's fields, its id and its signature included, as comparable text. */
function* valuesOf(slip: Slip): Generator<[string, string]> {
  yield ["id", `b:${slip.id}`];
  yield ["signature", `b:${toHex(slip.signature)}`];
  for (const [field, value] of Object.entries(slip.fields as Record<string, unknown>)) {
    if (!outside.has(field)) yield* flatten(field, value);
  }
}

function* flatten(field: string, value: unknown): Generator<[string, string]> {
  if (value instanceof Uint8Array) yield [field, `b:${toHex(value)}`];
  else if (Array.isArray(value)) {
    yield [field, `l:${JSON.stringify(value)}`];
    for (const item of value as unknown[]) yield* flatten(`${field}[]`, item);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) yield* flatten(`${field}.${name}`, item);
  } else yield [field, `${typeof value}:${String(value)}`];
}
