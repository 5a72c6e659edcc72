import { FhirError } from "./fhirError.ts";
import { Decimal, isObject } from "./json.ts";
import type { JsonValue } from "./json.ts";
import { derivedFullUrl } from "./reference.ts";
import type { FhirResource } from "./resource.ts";

/**
 * Whether two JSON values are the same: members in any order, array items in order, decimals digit for digit (`1.10` is
 * not `1.1`).
 */
export function sameJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (a instanceof Decimal || b instanceof Decimal) {
    return a instanceof Decimal && b instanceof Decimal && a.text === b.text;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index] as JsonValue));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => Object.hasOwn(b, key) && sameJson(a[key] as JsonValue, b[key] as JsonValue),
  );
}

export interface Named {
  readonly fullUrl: string | undefined;
  readonly resource: FhirResource;
}

/**
 * Whether two lists hold the same resources under the same fullUrls, decimals digit for digit; order and exact repeats
 * do not count.
 */
export function sameResources(a: readonly Named[], b: readonly Named[]): boolean {
  const [left, right] = [byName(a), byName(b)];
  if (left.size !== right.size) return false;
  for (const [name, resource] of left) {
    const other = right.get(name);
    if (other === undefined || !sameJson(resource, other)) return false;
  }
  return true;
}

/** Resources by fullUrl, or by the one that {@link derivedFullUrl} gives where none is stated. */
function byName(list: readonly Named[]): Map<string, FhirResource> {
  const map = new Map<string, FhirResource>();
  for (const { fullUrl, resource } of list) {
    const name = fullUrl ?? derivedFullUrl(resource);
    const earlier = map.get(name);
    if (earlier !== undefined && !sameJson(earlier, resource)) {
      throw new FhirError(
        "RESOURCES_DIFFER",
        "One list holds two different resources under one fullUrl",
      );
    }
    map.set(name, resource);
  }
  return map;
}
