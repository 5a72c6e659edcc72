import { Parser } from "htmlparser2";
import type { Handler } from "htmlparser2";
import { escapeXml, visibleText } from "./text.ts";

const narrativeFaults = [
  "ACTIVE_ELEMENT",
  "ELEMENT_REFUSED",
  "EVENT_HANDLER",
  "UNSAFE_URL",
  "EXTERNAL_IMAGE",
  "UNSAFE_STYLE",
  "MALFORMED",
] as const;

export type NarrativeFault = (typeof narrativeFaults)[number];

/** What a narrative may hold: FHIR R4 section 2.4.0.2, the basic formatting of HTML 4. */
const ALLOWED: ReadonlySet<string> = new Set(
  (
    "a abbr acronym address b bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em " +
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th " +
    "thead tr tt u ul var"
  ).split(" "),
);
/** Elements that go with all they hold: they run, load, frame, post, or make a parser read on differently. */
const ACTIVE: ReadonlySet<string> = new Set(
  (
    "script style iframe frame frameset object embed applet svg math template noscript noembed noframes xmp plaintext " +
    "textarea title select option audio video canvas form foreignobject head link meta base input button param source track"
  ).split(" "),
);
const VOID: ReadonlySet<string> = new Set(["br", "hr", "img", "col"]);
const ATTRIBUTES: ReadonlySet<string> = new Set(
  "title lang dir colspan rowspan scope align valign alt span start width height".split(" "),
);
const SAFE_LINK = /^(?:https?:\/\/|mailto:|tel:)/i;
const SAFE_IMAGE = /^data:image\/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*$/;
/** Elements that are written one inside the other; of deeper ones only the text stays. */
const DEPTH_MAX = 60;
/** How many open elements one run of the parser keeps in mind: its time grows with their square. */
const NESTING_MAX = 500;

/**
 * A narrative made safe to show: only basic formatting is left, built anew from what was read, so that nothing of the
 * input's own markup reaches the page. Scripts, frames, forms, styles and the like go with all they hold; unknown
 * elements go and their text stays; links are http(s), mailto or tel and open outside; images are inline PNG, JPEG or
 * GIF, others leave their `alt`. No class, id or style survives.
 */
export function sanitizeNarrative(xhtml: string): string {
  return new Sanitizer(xhtml).safe;
}

/** What in a narrative breaks FHIR's rules for it (invariants txt-1, txt-2) or is hostile; each fault once. */
export function narrativeFaultsIn(xhtml: string): NarrativeFault[] {
  return [...new Sanitizer(xhtml).faults];
}

type Attributes = Readonly<Record<string, string>>;

/** What is written where an element ends, nothing for one that is not written; or an element that goes with all it holds. */
type Open = { readonly endTag: string } | "dropped";

/**
 * Hears what the parser reads. It reads as browsers do (names in any case, raw text of scripts, implied ends), and what
 * XHTML has beyond HTML: elements closed by `/>`, and CDATA.
 */
class Sanitizer implements Partial<Handler> {
  readonly faults = new Set<NarrativeFault>();
  readonly safe: string;
  readonly #out: string[] = [];
  readonly #open: Open[] = [];
  #written = 0;
  #dropped = 0;
  #parser!: Parser;
  /** What this run of the parser reads, what the next one will, and how many elements were open when this one began. */
  #source = "";
  #rest: string;
  #openBefore = 0;

  constructor(input: string) {
    this.#rest = input;
    while (this.#rest !== "") this.#run();
    while (this.#open.length > 0) this.onclosetag("", true);
    this.safe = this.#out.join("");
  }

  #run(): void {
    this.#source = this.#rest;
    this.#rest = "";
    this.#openBefore = this.#open.length;
    this.#parser = new Parser(this, { recognizeSelfClosing: true, recognizeCDATA: true });
    this.#parser.end(this.#source);
  }

  onopentag(fullName: string, attributes: Attributes, isImplied: boolean): void {
    if (isImplied) this.faults.add("MALFORMED");
    const opened = this.#openElement(fullName.toLowerCase().replace(/^.*:/, ""), attributes);
    this.#open.push(opened);
    if (opened === "dropped") this.#dropped++;
    else if (opened.endTag !== "") this.#written++;
    if (this.#open.length - this.#openBefore < NESTING_MAX) return;
    this.#rest = this.#source.slice(this.#parser.endIndex + 1);
    this.#parser.pause();
  }

  /** Elements end in turn. A tag that the input ends in opened nothing, yet is said to end here: it is the last. */
  onclosetag(name: string, isImplied: boolean): void {
    const endsItself = this.#source.startsWith("/>", this.#parser.endIndex - 1);
    if (isImplied && !endsItself && !VOID.has(name)) this.faults.add("MALFORMED");
    const closed = this.#open.pop();
    if (closed === "dropped") this.#dropped--;
    else if (closed !== undefined && closed.endTag !== "") {
      this.#written--;
      this.#out.push(closed.endTag);
    }
  }

  onattribute(_name: string, _value: string, quote?: string | null): void {
    if (quote === undefined || quote === null) this.faults.add("MALFORMED");
  }

  ontext(text: string): void {
    if (/[<&]/.test(text) && this.#raw() === text) this.faults.add("MALFORMED");
    this.#text(text);
  }

  /** Whatever else begins with `<!` or `<?` is read as a comment too. */
  oncomment(): void {
    if (!/^<!--.*-->$/s.test(this.#raw())) this.faults.add("MALFORMED");
  }

  onprocessinginstruction(): void {
    this.faults.add("MALFORMED");
  }

  /** What was last read, as it stands in the input. */
  #raw(): string {
    return this.#source.slice(this.#parser.startIndex, this.#parser.endIndex + 1);
  }

  #text(text: string): void {
    if (this.#dropped === 0) this.#out.push(escapeXml(visibleText(text)));
  }

  #openElement(name: string, attributes: Attributes): Open {
    if (ACTIVE.has(name)) {
      this.faults.add("ACTIVE_ELEMENT");
      return "dropped";
    }
    if (!ALLOWED.has(name)) {
      this.faults.add("ELEMENT_REFUSED");
      return { endTag: "" };
    }
    const kept = this.#keptAttributes(name, attributes);
    if (name === "img" && kept["src"] === undefined) {
      this.#text(attributes["alt"] ?? "");
      return { endTag: "" };
    }
    if (this.#dropped > 0 || (this.#written >= DEPTH_MAX && !VOID.has(name))) return { endTag: "" };
    const shown = Object.entries(kept).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
    const isVoid = VOID.has(name);
    this.#out.push(`<${name}${shown.join("")}${isVoid ? "/" : ""}>`);
    return { endTag: isVoid ? "" : `</${name}>` };
  }

  #keptAttributes(element: string, attributes: Attributes): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [key, value] of Object.entries(attributes)) {
      const name = key === "xml:lang" ? "lang" : key;
      if (name.startsWith("on")) this.faults.add("EVENT_HANDLER");
      else if (name === "style") this.#checkStyle(value);
      else if (name === "href") this.#link(element, value, kept);
      else if (name === "src") this.#image(element, value, kept);
      else if (URL_ATTRIBUTES.has(name) || name.endsWith(":href")) this.faults.add("UNSAFE_URL");
      else if (ATTRIBUTES.has(name)) kept[name] = visibleText(value);
    }
    return kept;
  }

  #link(element: string, value: string, kept: Record<string, string>): void {
    const url = withoutBlanks(value);
    if (element !== "a") this.faults.add("UNSAFE_URL");
    else if (SAFE_LINK.test(url))
      Object.assign(kept, { href: url, rel: "noopener noreferrer", target: "_blank" });
    else if (hasScheme(url)) this.faults.add("UNSAFE_URL");
  }

  #image(element: string, value: string, kept: Record<string, string>): void {
    if (element === "img" && SAFE_IMAGE.test(value)) kept["src"] = value.replace(/\s/g, "");
    else if (!(element === "img" && value.startsWith("#"))) this.faults.add("EXTERNAL_IMAGE");
  }

  #checkStyle(value: string): void {
    const plain = value.replace(/\\|\/\*.*?\*\//g, "").toLowerCase();
    if (/url\s*\(|expression|javascript|@import|behaviou?r|binding|position|z-index/.test(plain)) {
      this.faults.add("UNSAFE_STYLE");
    }
  }
}

const URL_ATTRIBUTES: ReadonlySet<string> = new Set(
  "srcset action formaction background data poster ping dynsrc lowsrc longdesc usemap srcdoc".split(
    " ",
  ),
);

/** Relative links lead nowhere from a record and are dropped without a word; others must name a safe scheme. */
function hasScheme(url: string): boolean {
  return /^[^/?#]*:/.test(url) || /^[/\\]{2}/.test(url);
}

// oxlint-disable-next-line no-control-regex -- these are the characters to take out
const BLANKS = /[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028\u2029\ufeff]/g;

/** Browsers pass over blanks and control characters in front of and inside a URL's scheme. */
function withoutBlanks(url: string): string {
  return url.replace(BLANKS, "");
}
