import { categoryOf, statedCategory } from "./category.ts";
import type { Category } from "./category.ts";
import { isMadeComposition } from "./composition.ts";
import { labelOf } from "./describe.ts";
import { objectAt, objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { sanitizeNarrative } from "./narrative.ts";
import type { ParsedResource } from "./parse.ts";
import { isMadeProvenance } from "./provenance.ts";
import { derivedFullUrl, EntryIndex } from "./reference.ts";
import { clinicalDate, resourceName } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { sharedTypes } from "./closure.ts";
import { headingOf, rowsOf } from "./summaryRow.ts";
import type { Heading, SummaryRow } from "./summaryRow.ts";

export interface SummarySection {
  /** A key; screens translate it. */
  readonly heading: Heading;
  /** The section's own title, in the words of the record. */
  readonly title?: string;
  /** Copied in because something in the record refers to it, and of another category. */
  readonly related?: true;
  readonly rows: readonly SummaryRow[];
  /** Safe XHTML: the narrative, sanitised. */
  readonly text?: string;
}

/** A record as screens show it: its own words, grouped and ordered, without a judgement of ours. Plain data. */
export interface Summary {
  readonly resourceType: string;
  readonly title: string;
  /** A FHIR date or dateTime: when the visit began, else the date of the document or resource. */
  readonly date?: string;
  readonly category: Category;
  readonly institution?: string;
  readonly authors: readonly string[];
  readonly patient?: { readonly name?: string; readonly birthDate?: string; readonly sex?: string };
  readonly sections: readonly SummarySection[];
}

interface View {
  readonly fullUrl: string;
  readonly resource: FhirResource;
}

/** What a screen shows of a document Bundle, any other Bundle or a single resource. */
export function summarise(parsed: ParsedResource): Summary {
  const entries = parsed.entries
    .filter(({ resource }) => !isMadeProvenance(resource))
    .map(({ fullUrl, resource }) => ({ fullUrl: fullUrl ?? derivedFullUrl(resource), resource }));
  const views: View[] = entries.length > 0 ? entries : [{ fullUrl: "", resource: parsed.resource }];
  const index = new EntryIndex(views);
  const composition = textAt(parsed.resource, "type") === "document" ? views[0] : undefined;
  const made = composition !== undefined && isMadeComposition(composition.resource);
  const encounter = encounterOf(composition, index);
  const main = composition?.resource ?? parsed.resource;
  const institution = institutionOf(composition, encounter, index);
  const patient = views.find(({ resource }) => resource.resourceType === "Patient")?.resource;
  const date =
    textAt(objectAt(encounter?.resource, "period"), "start") ??
    clinicalDate(main) ??
    textAt(parsed.resource, "timestamp");
  return {
    resourceType: parsed.resource.resourceType,
    title: labelOf(main),
    ...(date !== undefined && { date }),
    category:
      statedCategory(main) ??
      categoryOf(main, { known: encounter !== undefined, resource: encounter?.resource }),
    ...(institution !== undefined && { institution }),
    authors: authorsOf(composition, index),
    ...(patient !== undefined && { patient: personOf(patient) }),
    sections: [
      ...(composition !== undefined && !made ? textSections(composition.resource) : []),
      ...rowSections(views, index, made ? composition : undefined),
      ...(entries.length === 0 ? ownText(parsed.resource) : []),
    ],
  };
}

/** Rows by heading; in documents of ours, what was only copied in comes after. */
function rowSections(
  views: readonly View[],
  index: EntryIndex<View>,
  made: View | undefined,
): SummarySection[] {
  const listed = made === undefined ? undefined : new Set(listedIn(made.resource));
  const sections = new Map<
    string,
    { heading: Heading; related: boolean; rows: SummaryRow[]; texts: string[] }
  >();
  for (const view of views) {
    const { resource, fullUrl } = view;
    const isShared =
      sharedTypes.has(resource.resourceType) && views.length > 1 && listed?.has(fullUrl) !== true;
    if (view === made || isShared || (resource.resourceType === "Composition" && view === views[0]))
      continue;
    const related =
      listed !== undefined && !listed.has(fullUrl) && resource.resourceType !== "Encounter";
    const heading = headingOf(resource);
    const name = `${related} ${heading}`;
    const section = sections.get(name) ?? { heading, related, rows: [], texts: [] };
    sections.set(name, section);
    section.rows.push(...rowsOf(resource, (reference) => index.find(reference, view)?.resource));
    if (resource.resourceType === "Composition")
      section.texts.push(...textSections(resource).flatMap(({ text }) => text ?? []));
  }
  return [...sections.values()]
    .filter(({ rows, texts }) => rows.length > 0 || texts.length > 0)
    .toSorted((a, b) => Number(a.related) - Number(b.related))
    .map(({ heading, related, rows, texts }) => ({
      heading,
      ...(related && { related }),
      rows,
      ...(texts.length > 0 && { text: texts.join("") }),
    }));
}

function listedIn(composition: FhirResource): string[] {
  return objectsAt(composition, "section").flatMap((section) =>
    objectsAt(section, "entry").map((entry) => textAt(entry, "reference") ?? ""),
  );
}

/** The narratives of a Composition's sections, nested ones after the one that holds them. */
function textSections(holder: JsonObject): SummarySection[] {
  return objectsAt(holder, "section").flatMap((section) => {
    const title = textAt(section, "title");
    const div = textAt(objectAt(section, "text"), "div");
    const own: SummarySection = {
      heading: "note",
      ...(title !== undefined && { title }),
      rows: [],
      ...(div !== undefined && { text: sanitizeNarrative(div) }),
    };
    return [...(div === undefined ? [] : [own]), ...textSections(section)];
  });
}

function ownText(resource: FhirResource): SummarySection[] {
  const div = textAt(objectAt(resource, "text"), "div");
  return div === undefined ? [] : [{ heading: "note", rows: [], text: sanitizeNarrative(div) }];
}

function encounterOf(composition: View | undefined, index: EntryIndex<View>): View | undefined {
  const reference = textAt(objectAt(composition?.resource, "encounter"), "reference");
  return reference === undefined ? undefined : index.find(reference, composition);
}

function institutionOf(
  composition: View | undefined,
  encounter: View | undefined,
  index: EntryIndex<View>,
): string | undefined {
  const custodian = {
    holder: composition,
    reference: objectAt(composition?.resource, "custodian"),
  };
  const provider = {
    holder: encounter,
    reference: objectAt(encounter?.resource, "serviceProvider"),
  };
  for (const { holder, reference } of [custodian, provider]) {
    const name = nameOf(reference, holder, index);
    if (name !== undefined) return name;
  }
  return undefined;
}

function authorsOf(composition: View | undefined, index: EntryIndex<View>): string[] {
  const references = objectsAt(composition?.resource, "author");
  return references
    .map((reference) => nameOf(reference, composition, index))
    .filter((name) => name !== undefined);
}

function nameOf(
  reference: JsonObject | undefined,
  holder: View | undefined,
  index: EntryIndex<View>,
): string | undefined {
  const target = index.find(textAt(reference, "reference") ?? "", holder)?.resource;
  return resourceName(target) ?? textAt(reference, "display");
}

function personOf(patient: FhirResource): NonNullable<Summary["patient"]> {
  const name = resourceName(patient);
  const birthDate = textAt(patient, "birthDate");
  const sex = textAt(patient, "gender");
  return {
    ...(name !== undefined && { name }),
    ...(birthDate !== undefined && { birthDate }),
    ...(sex !== undefined && { sex }),
  };
}
