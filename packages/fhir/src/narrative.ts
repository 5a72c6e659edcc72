import { escapeXml, visibleText } from "./text.ts";
import { decodeEntities } from "./entity.ts";

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
    "textarea title select option audio video canvas form foreignobject head"
  ).split(" "),
);
/** Active elements that hold nothing, so that nothing after them is lost. */
const ACTIVE_EMPTY: ReadonlySet<string> = new Set(
  "link meta base input button frame embed param source track".split(" "),
);
const VOID: ReadonlySet<string> = new Set(["br", "hr", "img", "col"]);
const ATTRIBUTES: ReadonlySet<string> = new Set(
  "title lang dir colspan rowspan scope align valign alt span start width height".split(" "),
);
const SAFE_LINK = /^(?:https?:\/\/|mailto:|tel:)/i;
const SAFE_IMAGE = /^data:image\/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*$/;
const DEPTH_MAX = 60;

const NAME = /[A-Za-z][A-Za-z0-9:_-]*/y;
const ATTRIBUTE = /[\s/]*([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/y;

/**
 * A narrative made safe to show: only basic formatting is left, built anew from what was read, so that nothing of the
 * input's own markup reaches the page. Scripts, frames, forms, styles and the like go with all they hold; unknown
 * elements go and their text stays; links are http(s), mailto or tel and open outside; images are inline PNG, JPEG or
 * GIF, others leave their `alt`. No class, id or style survives.
 */
export function sanitizeNarrative(xhtml: string): string {
  return new Sanitizer(xhtml).run().safe;
}

/** What in a narrative breaks FHIR's rules for it (invariants txt-1, txt-2) or is hostile; each fault once. */
export function narrativeFaultsIn(xhtml: string): NarrativeFault[] {
  return [...new Sanitizer(xhtml).run().faults];
}

class Sanitizer {
  readonly faults = new Set<NarrativeFault>();
  private readonly input: string;
  private readonly out: string[] = [];
  private readonly open: string[] = [];
  private at = 0;

  constructor(input: string) {
    this.input = input;
  }

  run(): { safe: string; faults: ReadonlySet<NarrativeFault> } {
    while (this.at < this.input.length) {
      const next = this.input.indexOf("<", this.at);
      this.text(this.input.slice(this.at, next < 0 ? this.input.length : next));
      if (next < 0) break;
      this.at = next;
      this.markup();
    }
    if (this.open.length > 0) this.faults.add("MALFORMED");
    while (this.open.length > 0) this.out.push(`</${this.open.pop()}>`);
    return { safe: this.out.join(""), faults: this.faults };
  }

  private text(raw: string): void {
    this.out.push(escapeXml(visibleText(decodeEntities(raw))));
  }

  private markup(): void {
    const rest = this.input.slice(this.at, this.at + 9);
    if (rest.startsWith("<!--")) return this.skipTo("-->", 2);
    if (rest === "<![CDATA[") return this.characterData();
    if (rest.startsWith("<!") || rest.startsWith("<?")) {
      this.faults.add("MALFORMED");
      return this.skipTo(">", 1);
    }
    const closing = rest.startsWith("</");
    NAME.lastIndex = this.at + (closing ? 2 : 1);
    const name = NAME.exec(this.input)?.[0];
    if (name === undefined) {
      this.faults.add("MALFORMED");
      this.out.push("&lt;");
      this.at++;
      return;
    }
    this.at = NAME.lastIndex;
    const local = name.toLowerCase().replace(/^.*:/, "");
    if (closing) this.closeTag(local);
    else this.openTag(local);
  }

  private skipTo(end: string, from: number): void {
    const found = this.input.indexOf(end, this.at + from);
    this.at = found < 0 ? this.input.length : found + end.length;
  }

  private characterData(): void {
    const end = this.input.indexOf("]]>", this.at);
    this.out.push(
      escapeXml(visibleText(this.input.slice(this.at + 9, end < 0 ? this.input.length : end))),
    );
    this.at = end < 0 ? this.input.length : end + 3;
  }

  private closeTag(name: string): void {
    this.skipTo(">", 0);
    const place = this.open.lastIndexOf(name);
    if (place < 0) return;
    if (place !== this.open.length - 1) this.faults.add("MALFORMED");
    while (this.open.length > place) this.out.push(`</${this.open.pop()}>`);
  }

  private openTag(name: string): void {
    const attributes = this.attributes();
    const selfClosed = this.input.startsWith("/>", this.at - 2);
    if (ACTIVE.has(name) || ACTIVE_EMPTY.has(name)) {
      this.faults.add("ACTIVE_ELEMENT");
      if (ACTIVE.has(name) && !selfClosed) this.dropContent(name);
      return;
    }
    if (!ALLOWED.has(name)) {
      this.faults.add("ELEMENT_REFUSED");
      return;
    }
    const kept = this.keptAttributes(name, attributes);
    if (name === "img" && kept["src"] === undefined) {
      this.text(attributes.get("alt") ?? "");
      return;
    }
    const shown = Object.entries(kept).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
    if (VOID.has(name)) {
      this.out.push(`<${name}${shown.join("")}/>`);
    } else if (this.open.length < DEPTH_MAX) {
      this.out.push(`<${name}${shown.join("")}>`);
      if (selfClosed) this.out.push(`</${name}>`);
      else this.open.push(name);
    }
  }

  /** Reads attributes up to and including the tag's `>`. The first of two with one name counts, as in browsers. */
  private attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    for (;;) {
      ATTRIBUTE.lastIndex = this.at;
      const found = ATTRIBUTE.exec(this.input);
      if (found === null) break;
      this.at = ATTRIBUTE.lastIndex;
      const [, name = "", double, single, bare] = found;
      const key = name.toLowerCase();
      if (!attributes.has(key)) attributes.set(key, decodeEntities(double ?? single ?? bare ?? ""));
    }
    const junk = /[^>]*/y;
    junk.lastIndex = this.at;
    if (/[^\s/]/.test(junk.exec(this.input)?.[0] ?? "")) this.faults.add("MALFORMED");
    this.skipTo(">", 0);
    return attributes;
  }

  private keptAttributes(
    element: string,
    attributes: ReadonlyMap<string, string>,
  ): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [key, value] of attributes) {
      const name = key === "xml:lang" ? "lang" : key;
      if (name.startsWith("on")) this.faults.add("EVENT_HANDLER");
      else if (name === "style") this.checkStyle(value);
      else if (name === "href") this.link(element, value, kept);
      else if (name === "src") this.image(element, value, kept);
      else if (URL_ATTRIBUTES.has(name)) this.faults.add("UNSAFE_URL");
      else if (ATTRIBUTES.has(name)) kept[name] = visibleText(value);
    }
    return kept;
  }

  private link(element: string, value: string, kept: Record<string, string>): void {
    const url = withoutBlanks(value);
    if (element !== "a") this.faults.add("UNSAFE_URL");
    else if (SAFE_LINK.test(url))
      Object.assign(kept, { href: url, rel: "noopener noreferrer", target: "_blank" });
    else if (hasScheme(url)) this.faults.add("UNSAFE_URL");
  }

  private image(element: string, value: string, kept: Record<string, string>): void {
    if (element === "img" && SAFE_IMAGE.test(value)) kept["src"] = value.replace(/\s/g, "");
    else if (!(element === "img" && value.startsWith("#"))) this.faults.add("EXTERNAL_IMAGE");
  }

  private checkStyle(value: string): void {
    const plain = value.replace(/\\|\/\*.*?\*\//g, "").toLowerCase();
    if (/url\s*\(|expression|javascript|@import|behaviou?r|binding|position|z-index/.test(plain)) {
      this.faults.add("UNSAFE_STYLE");
    }
  }

  /** Skips what an active element holds; to the end of the narrative if it is never closed. */
  private dropContent(name: string): void {
    const close = new RegExp(`</(?:[a-z0-9_-]+:)?${name}[^>]*>`, "gi");
    close.lastIndex = this.at;
    this.at = close.exec(this.input) === null ? this.input.length : close.lastIndex;
  }
}

const URL_ATTRIBUTES: ReadonlySet<string> = new Set(
  "srcset action formaction background data poster xlink:href ping dynsrc lowsrc longdesc usemap srcdoc".split(
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
