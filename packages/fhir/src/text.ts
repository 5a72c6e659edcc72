// The platform's codec; these two names exist in Node and in every browser, but in neither `lib` nor `types` here.
declare const TextDecoder: {
  new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ): { decode(bytes: Uint8Array): string };
};
declare const TextEncoder: { new (): { encode(text: string): Uint8Array<ArrayBuffer> } };

/** UTF-8 bytes as text; throws `TypeError` on invalid UTF-8. A byte order mark is kept as U+FEFF. */
export function fromUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** UTF-8 bytes as text, with U+FFFD for what is not UTF-8: for heads of files that may be cut inside a character. */
export function fromUtf8Loosely(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
}

/** A text without the byte order mark that it may begin with. */
export const withoutMark = (text: string): string => text.replace(/^\ufeff/, "");

export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Text made safe inside XHTML content and attribute values. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

// oxlint-disable-next-line no-control-regex -- these are the characters to take out
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const DIRECTION_MARKS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Without what XML 1.0 does not allow, and without marks that turn the direction of the text after them. */
export function visibleText(text: string): string {
  return text.toWellFormed().replace(NOT_XML, "").replace(DIRECTION_MARKS, "");
}
