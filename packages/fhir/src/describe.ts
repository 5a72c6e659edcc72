import { Decimal, memberAt, objectAt, objectsAt, textAt } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { clinicalDate, conceptText, resourceName } from "./resource.ts";
import type { FhirResource } from "./resource.ts";

/** A resource in one line, for narratives and lists: what, value, date. Never a judgement. */
export function describe(resource: FhirResource): string {
  const { value, unit } = valueOf(resource) ?? {};
  const shown = value === undefined ? "" : `: ${value}${unit === undefined ? "" : ` ${unit}`}`;
  const date = clinicalDate(resource)?.slice(0, 10);
  return `${labelOf(resource)}${shown}${date === undefined ? "" : ` (${date})`}`;
}

const LABEL_ELEMENTS = [
  "code",
  "medicationCodeableConcept",
  "vaccineCode",
  "type",
  "category",
  "productOrService",
  "description",
] as const;

/** What a resource is about, in the words it came with; its type where it has none. */
export function labelOf(resource: FhirResource): string {
  const name = resourceName(resource) ?? textAt(resource, "title");
  if (name !== undefined) return name;
  for (const element of LABEL_ELEMENTS) {
    const text = textAt(resource, element) ?? conceptText(resource, element);
    if (text !== undefined) return text;
  }
  const medication = objectAt(resource, "medicationReference");
  return textAt(medication, "display") ?? resource.resourceType;
}

export interface ShownValue {
  readonly value: string;
  readonly unit?: string;
}

/** The `value[x]` of an Observation or a component, decimals as written. */
export function valueOf(holder: JsonObject): ShownValue | undefined {
  const quantity = quantityOf(objectAt(holder, "valueQuantity"));
  if (quantity !== undefined) return quantity;
  const concept = conceptText(holder, "valueCodeableConcept");
  if (concept !== undefined) return { value: concept };
  for (const element of [
    "valueString",
    "valueDateTime",
    "valueTime",
    "valueInteger",
    "valueBoolean",
  ]) {
    const value = plain(memberAt(holder, element));
    if (value !== undefined) return { value };
  }
  const period = objectAt(holder, "valuePeriod");
  if (period !== undefined)
    return { value: `${textAt(period, "start") ?? ""} – ${textAt(period, "end") ?? ""}` };
  return rangeOf(objectAt(holder, "valueRange")) ?? ratioOf(objectAt(holder, "valueRatio"));
}

/** A Quantity with its comparator; unit as written, else its code. */
export function quantityOf(quantity: JsonObject | undefined): ShownValue | undefined {
  const number = plain(memberAt(quantity, "value"));
  if (number === undefined) return undefined;
  const comparator = textAt(quantity, "comparator");
  const unit = textAt(quantity, "unit") ?? textAt(quantity, "code");
  return {
    value: `${comparator === undefined ? "" : `${comparator} `}${number}`,
    ...(unit !== undefined && { unit }),
  };
}

/** The reference ranges of an Observation or component as written: `3.50 – 5.10 mmol/L`, or their text. */
export function referenceRangeOf(holder: JsonObject): string | undefined {
  const ranges = objectsAt(holder, "referenceRange").map((range) => {
    const text = textAt(range, "text");
    const shown = rangeOf(range);
    return (
      text ??
      (shown === undefined
        ? undefined
        : `${shown.value}${shown.unit === undefined ? "" : ` ${shown.unit}`}`)
    );
  });
  const found = ranges.filter((range) => range !== undefined);
  return found.length === 0 ? undefined : found.join("; ");
}

function rangeOf(range: JsonObject | undefined): ShownValue | undefined {
  const [low, high] = [quantityOf(objectAt(range, "low")), quantityOf(objectAt(range, "high"))];
  const unit = low?.unit ?? high?.unit;
  const tail = unit === undefined ? {} : { unit };
  if (low !== undefined && high !== undefined)
    return { value: `${low.value} – ${high.value}`, ...tail };
  if (low !== undefined) return { value: `≥ ${low.value}`, ...tail };
  if (high !== undefined) return { value: `≤ ${high.value}`, ...tail };
  return undefined;
}

function ratioOf(ratio: JsonObject | undefined): ShownValue | undefined {
  const [above, below] = [
    quantityOf(objectAt(ratio, "numerator")),
    quantityOf(objectAt(ratio, "denominator")),
  ];
  return above === undefined || below === undefined
    ? undefined
    : { value: `${withUnit(above)} / ${withUnit(below)}` };
}

function withUnit({ value, unit }: ShownValue): string {
  return unit === undefined ? value : `${value} ${unit}`;
}

function plain(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (value instanceof Decimal) return value.text;
  return typeof value === "boolean" ? String(value) : undefined;
}
