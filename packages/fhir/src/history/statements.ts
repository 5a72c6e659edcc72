import { objectAt, textAt } from "../json.ts";
import { derivedFullUrl, EntryIndex } from "../reference.ts";
import type { Entry } from "../reference.ts";
import { codingsAt, isResource } from "../resource.ts";
import type { FhirResource } from "../resource.ts";
import { sameJson } from "../same.ts";
import type { HistorySource, Said, Statement } from "./model.ts";
import { codingsOf, compareDates, readResource, wordsOf } from "./reading.ts";
import type { Reading } from "./reading.ts";

/** What the sources say, each resource of an institution once, and what of it is not told. */
export interface Collected {
  readonly statements: readonly Statement[];
  readonly patients: readonly FhirResource[];
  readonly enteredInError: number;
  readonly superseded: number;
}

/** A resource as one record holds it. */
interface Copy extends Entry {
  readonly source: HistorySource;
  readonly follow: Statement["follow"];
}

/**
 * Collects the statements of all sources. Copies of one resource in several records of an institution are one statement
 * that names these records; of copies that differ the newest counts (`meta.lastUpdated`, else when its record was
 * written). What was entered in error is left out, also where an older copy does not say so yet.
 */
export function collectStatements(sources: readonly HistorySource[]): Collected {
  const byResource = Map.groupBy(sources.flatMap(copiesOf), ({ source, resource, fullUrl }) =>
    JSON.stringify([source.institution, resource.resourceType, fullUrl]),
  );
  const statements: Statement[] = [];
  const patients: FhirResource[] = [];
  let enteredInError = 0;
  let superseded = 0;
  for (const copies of byResource.values()) {
    const [newest] = copies.toSorted(newestCopyFirst);
    if (newest === undefined) continue;
    if (newest.resource.resourceType === "Patient") patients.push(newest.resource);
    const reading = readResource(newest.resource, newest.follow);
    if (reading === undefined) continue;
    const same = copies.filter((copy) => saysTheSame(copy, newest));
    if (isEnteredInError(newest.resource)) enteredInError += 1;
    else {
      superseded += copies.length > same.length ? 1 : 0;
      statements.push(statementOf(newest, same, reading));
    }
  }
  return { statements, patients, enteredInError, superseded };
}

function copiesOf(source: HistorySource): Copy[] {
  const { content } = source;
  if (content === undefined) return [];
  const entries: Entry[] =
    content.entries.length > 0
      ? content.entries.map(({ fullUrl, resource }) => ({
          fullUrl: fullUrl ?? derivedFullUrl(resource),
          resource,
        }))
      : [{ fullUrl: derivedFullUrl(content.resource), resource: content.resource }];
  const index = new EntryIndex(entries);
  return entries.map((entry) => ({
    ...entry,
    source,
    follow: (reference) =>
      containedIn(entry.resource, reference) ?? index.find(reference, entry)?.resource,
  }));
}

const containedIn = (resource: FhirResource, reference: string): FhirResource | undefined =>
  reference.startsWith("#")
    ? [resource["contained"] ?? []]
        .flat()
        .filter(isResource)
        .find(({ id }) => id === reference.slice(1))
    : undefined;

function newestCopyFirst(a: Copy, b: Copy): number {
  const [left, right] = [a, b].map(({ resource }) =>
    textAt(objectAt(resource, "meta"), "lastUpdated"),
  );
  if (left !== undefined && right !== undefined && left !== right) return compareDates(right, left);
  return b.source.time - a.source.time || (a.source.record < b.source.record ? -1 : 1);
}

function isEnteredInError(resource: FhirResource): boolean {
  return (
    textAt(resource, "status") === "entered-in-error" ||
    codingsAt(resource, "verificationStatus").some(({ code }) => code === "entered-in-error")
  );
}

/** Copies may differ in what a history does not tell, such as what their references say of another visit. */
const saysTheSame = (copy: Copy, newest: Copy): boolean =>
  copy === newest ||
  sameJson(copy.resource, newest.resource) ||
  JSON.stringify(readResource(copy.resource, copy.follow)) ===
    JSON.stringify(readResource(newest.resource, newest.follow));

function statementOf(newest: Copy, copies: readonly Copy[], reading: Reading): Statement {
  const { resource, fullUrl, follow, source } = newest;
  const said: Said = {
    institution: source.institution,
    records: [...new Set(copies.map((copy) => copy.source.record))].toSorted(),
    asOf: reading.asOf ?? new Date(source.time).toISOString(),
  };
  const { topic, concept, label, status, compared, moment } = reading;
  return {
    topic,
    label,
    fullUrl,
    resource,
    follow,
    said,
    codings: codingsOf(concept),
    words: wordsOf(concept, label),
    moment,
    status,
    compared,
  };
}
