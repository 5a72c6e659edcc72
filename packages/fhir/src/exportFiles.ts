import { FhirError } from "./fhirError.ts";
import { objectsAt, textAt } from "./json.ts";
import { bundled, parse, refuseDuplicates } from "./parse.ts";
import type { ParsedEntry, ParsedResource, ParseOptions } from "./parse.ts";

export interface ExportOptions extends ParseOptions {
  /** Take a searchset although pages of it are missing. */
  readonly partial?: boolean;
}

/**
 * Reads the files of one export as one resource: the pages of a searchset in any order, or the NDJSON files of a bulk
 * export. A single file is read by itself; `bytes` are the first file's.
 *
 * @throws {FhirError} What {@link parse} throws for each; `PAGES_MISSING` where a searchset names a next page that is not
 * among the files, unless `partial`; `FILES_DIFFER` where several files are not parts of one export.
 */
export function parseExport(
  files: readonly [Uint8Array, ...Uint8Array[]],
  options: ExportOptions = {},
): ParsedResource {
  const [file, ...more] = files;
  const first = parse(file, options);
  const parts = [first, ...more.map((bytes) => parse(bytes, options))];
  if (options.partial !== true) refuseMissingPages(parts);
  if (more.length === 0) return first;
  const kinds = new Set(parts.map(kindOf));
  if (kinds.size > 1 || kinds.has("whole")) {
    throw new FhirError(
      "FILES_DIFFER",
      "The files are not parts of one export, wanted pages of one searchset, or NDJSON files alone",
    );
  }
  const entries = parts.flatMap(entriesOf);
  refuseDuplicates(entries);
  const type = kinds.has("page") ? "searchset" : "collection";
  const deletions = parts.reduce((sum, part) => sum + part.deletions, 0);
  return { ...first, ...bundled(type, entries), entries, deletions };
}

/** What a file can be a part of. A single resource is NDJSON of one line. */
function kindOf({ form, resource }: ParsedResource): "page" | "lines" | "whole" {
  if (form === "ndjson" || resource.resourceType !== "Bundle") return "lines";
  return textAt(resource, "type") === "searchset" ? "page" : "whole";
}

const entriesOf = ({ resource, json, entries }: ParsedResource): readonly ParsedEntry[] =>
  resource.resourceType === "Bundle" ? entries : [{ fullUrl: undefined, resource, json }];

/**
 * Pages are all there where each `next` is the `self` of another, or, as servers may name one page by two addresses, where
 * only one page has no `next` and no page has a `self`.
 */
function refuseMissingPages(parts: readonly ParsedResource[]): void {
  const linked = (relation: string): string[] =>
    parts.flatMap(({ resource }) => {
      if (resource.resourceType !== "Bundle") return [];
      const link = objectsAt(resource, "link").find((one) => textAt(one, "relation") === relation);
      return textAt(link, "url") ?? [];
    });
  const [next, self] = [linked("next"), linked("self")];
  const unmatched = next.filter((url) => !self.includes(url));
  const countsFit = self.length === 0 && next.length === parts.length - 1;
  if (unmatched.length === 0 || countsFit) return;
  throw new FhirError(
    "PAGES_MISSING",
    `The searchset goes on in ${unmatched.length === 1 ? "a page" : `${unmatched.length} pages`} that ${unmatched.length === 1 ? "is" : "are"} not among the files, wanted all pages or the word that a part is enough`,
  );
}
