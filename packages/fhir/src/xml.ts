import { Parser } from "htmlparser2";
import { FhirError } from "./fhirError.ts";

/** An element as read: names without their prefixes. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, as written between the children. */
  readonly text: string;
  /** Where it stands in the source: `[start, end)` in UTF-16 units. */
  readonly span: readonly [number, number];
}

export interface XmlOptions {
  /** Answer what was read when the text ends early or does not close, instead of `XML_INVALID`. */
  readonly partial?: boolean;
}

const DEPTH_MAX = 100;
const ELEMENTS_MAX = 2_000_000;

/**
 * Reads one XML text into its root element. Only the five entities of XML and character references are read; a document
 * type is refused, as FHIR and CDA have none: so no entity is ever declared, expanded or fetched.
 *
 * @throws {FhirError} `XML_INVALID`, `XML_DOCTYPE`, `XML_TOO_DEEP` or `XML_TOO_MANY_ELEMENTS`
 */
export function readXml(text: string, options: XmlOptions = {}): XmlElement {
  const reader = new Reader(text, options.partial ?? false);
  const parser = new Parser(reader, { xmlMode: true });
  reader.parser = parser;
  parser.end(text);
  if (reader.root === undefined)
    throw new FhirError("XML_INVALID", "The XML has no element that ends, it may be cut off");
  return reader.root;
}

/** The child elements of this name. */
export const childrenAt = (parent: XmlElement | undefined, name: string): XmlElement[] =>
  parent?.children.filter((child) => child.name === name) ?? [];

/** The first element along a path of names. */
export function elementAt(
  parent: XmlElement | undefined,
  ...path: readonly string[]
): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((at, name) => childrenAt(at, name)[0], parent);
}

/** Every element in it, itself included, that is not below one that `passes` says no to. */
export function* elementsIn(
  element: XmlElement,
  passes: (element: XmlElement) => boolean = () => true,
): Generator<XmlElement> {
  if (!passes(element)) return;
  yield element;
  for (const child of element.children) yield* elementsIn(child, passes);
}

interface Open {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  readonly scope: ReadonlyMap<string, string>;
  readonly start: number;
  text: string;
}

class Reader {
  parser!: Parser;
  root: XmlElement | undefined;
  readonly #source: string;
  readonly #partial: boolean;
  readonly #open: Open[] = [];
  #elements = 0;

  constructor(source: string, partial: boolean) {
    this.#source = source;
    this.#partial = partial;
  }

  onprocessinginstruction(name: string): void {
    if (name.toLowerCase().startsWith("!doctype"))
      throw new FhirError("XML_DOCTYPE", "The XML has a document type, wanted none");
    if (name.startsWith("!")) throw new FhirError("XML_INVALID", "The XML holds a declaration");
  }

  onopentag(fullName: string, written: Readonly<Record<string, string>>): void {
    if (this.#open.length >= DEPTH_MAX)
      throw new FhirError("XML_TOO_DEEP", `Elements go deeper than ${DEPTH_MAX} levels`);
    if (++this.#elements > ELEMENTS_MAX)
      throw new FhirError("XML_TOO_MANY_ELEMENTS", `There are more than ${ELEMENTS_MAX} elements`);
    if (this.root !== undefined)
      throw new FhirError("XML_INVALID", "There is text after the XML's root element");
    const parent = this.#open.at(-1);
    const scope = scopeOf(written, parent?.scope ?? NO_PREFIX);
    const [prefix, name] = partsOf(fullName);
    this.#open.push({
      name,
      namespace: scope.get(prefix) ?? "",
      attributes: attributesOf(written),
      children: [],
      scope,
      start: this.parser.startIndex,
      text: "",
    });
  }

  ontext(text: string): void {
    const open = this.#open.at(-1);
    if (open !== undefined) open.text += text;
    else if (text.trim() !== "" && !this.#partial)
      throw new FhirError("XML_INVALID", "There is text outside of the XML's root element");
  }

  onclosetag(_name: string, isImplied: boolean): void {
    const end = this.parser.endIndex + 1;
    const endsItself = this.#source.startsWith("/>", end - 2);
    if (isImplied && !endsItself && !this.#partial)
      throw new FhirError("XML_INVALID", "An element of the XML does not end, it may be cut off");
    const open = this.#open.pop();
    if (open === undefined) return; // A tag that the text ends in opened nothing, yet is said to end.
    const { name, namespace, attributes, children, text, start } = open;
    const element = { name, namespace, attributes, children, text, span: [start, end] } as const;
    const parent = this.#open.at(-1);
    if (parent === undefined) this.root = element;
    else parent.children.push(element);
  }
}

const NO_PREFIX: ReadonlyMap<string, string> = new Map();

function scopeOf(
  written: Readonly<Record<string, string>>,
  outer: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const declared = Object.entries(written).filter(([key]) => /^xmlns(?::|$)/.test(key));
  if (declared.length === 0) return outer;
  return new Map([...outer, ...declared.map(([key, uri]) => [key.slice(6), uri] as const)]);
}

function partsOf(fullName: string): [prefix: string, name: string] {
  const at = fullName.indexOf(":");
  return at === -1 ? ["", fullName] : [fullName.slice(0, at), fullName.slice(at + 1)];
}

/** Without declarations of namespaces, and without prefixes. */
function attributesOf(written: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(written).filter(([key]) => !key.startsWith("xmlns"));
  return Object.fromEntries(
    kept.map(([key, value]) => [partsOf(key)[1], value]).filter(([key]) => key !== "__proto__"),
  );
}
