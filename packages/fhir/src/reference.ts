import { isObject, memberAt, objectsAt, textAt, writeJson } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { FhirResource } from "./resource.ts";
import { deriveUuid } from "./uuid.ts";

export interface Entry {
  readonly fullUrl: string;
  readonly resource: FhirResource;
}

/**
 * The fullUrl of an entry that states none: a UUID derived from type and id, or from the content where there is no id.
 */
export function derivedFullUrl(resource: FhirResource): string {
  const id = textAt(resource, "id");
  return `urn:uuid:${deriveUuid("entry", id === undefined ? writeJson(resource) : `${resource.resourceType}/${id}`)}`;
}

/** Every `Reference.reference` in a resource, contained resources included; `#fragments` are left out. */
export function referencesOf(resource: FhirResource): string[] {
  const found: string[] = [];
  visit(resource, (object) => {
    const reference = textAt(object, "reference");
    if (reference !== undefined && !reference.startsWith("#")) found.push(reference);
  });
  return found;
}

/** `Attachment.url` and other `url` strings: links only if they lead to an entry of the Bundle. */
export function urlsOf(resource: FhirResource): string[] {
  const found: string[] = [];
  visit(resource, (object, key) => {
    const url = textAt(object, "url");
    if (url !== undefined && key !== "extension" && key !== "modifierExtension") found.push(url);
  });
  return found;
}

/**
 * Finds entries by reference (FHIR R4 section 3.1.1.4.1 "Resolving references in Bundles").
 *
 * In this order: the same fullUrl; a relative reference against the base of the entry that holds it; `urn:uuid:` before a
 * relative reference; the only entry with that type and id. The last two are lenient: some exports write them so.
 */
export class EntryIndex<T extends Entry> {
  readonly entries: readonly T[];
  private readonly byUrl = new Map<string, T>();
  /** `null` where two entries share type and id. */
  private readonly byId = new Map<string, T | null>();
  private byIdentifier: Map<string, T | null> | undefined;

  constructor(entries: readonly T[]) {
    this.entries = entries;
    for (const entry of entries) {
      this.byUrl.set(entry.fullUrl, entry);
      const id = textAt(entry.resource, "id");
      if (id === undefined) continue;
      const name = `${entry.resource.resourceType}/${id}`;
      const earlier = this.byId.get(name);
      this.byId.set(
        name,
        earlier === undefined || earlier?.fullUrl === entry.fullUrl ? entry : null,
      );
    }
  }

  find(reference: string, from?: Entry): T | undefined {
    const plain = reference.replace(/\/_history\/[^/]+$/, "").replace(/#.*$/, "");
    const exact = this.byUrl.get(plain);
    if (exact !== undefined) return exact;
    if (!/^[A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.test(plain)) return this.conditional(plain);
    const base = /^(https?:\/\/.*\/)[A-Za-z]+\/[^/]+$/.exec(from?.fullUrl ?? "")?.[1];
    const beside = base === undefined ? undefined : this.byUrl.get(base + plain);
    return beside ?? this.byUrl.get(`urn:uuid:${plain}`) ?? this.byId.get(plain) ?? undefined;
  }

  /** `Type?identifier=system|value`, as transactions may refer to what a server already holds. */
  private conditional(reference: string): T | undefined {
    if (!/^[A-Za-z]+\?identifier=[^&]+$/.test(reference)) return undefined;
    this.byIdentifier ??= indexIdentifiers(this.entries);
    return this.byIdentifier.get(reference.replace(/%7C/i, "|")) ?? undefined;
  }
}

/** Entries by `Type?identifier=value` and `Type?identifier=system|value`; `null` where several have it. */
function indexIdentifiers<T extends Entry>(entries: readonly T[]): Map<string, T | null> {
  const index = new Map<string, T | null>();
  for (const entry of entries) {
    for (const identifier of objectsAt(entry.resource, "identifier")) {
      const value = textAt(identifier, "value") ?? "";
      for (const token of [value, `${textAt(identifier, "system") ?? ""}|${value}`]) {
        const name = `${entry.resource.resourceType}?identifier=${token}`;
        const earlier = index.get(name);
        index.set(name, earlier === undefined || earlier === entry ? entry : null);
      }
    }
  }
  return index;
}

/** Visits every object of a resource with the property name under which it stands. */
export function visit(
  value: JsonValue,
  see: (object: JsonObject, key: string) => void,
  key = "",
): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see, key);
  } else if (isObject(value)) {
    see(value, key);
    for (const name of Object.keys(value)) visit(memberAt(value, name) as JsonValue, see, name);
  }
}
