import type { ContentSource } from "@anamnesis/crypto/seal";
import { createSha256, piecesOf, streamOf, toHex } from "@anamnesis/crypto/verify";
import {
  FhirError,
  HEAD_BYTES,
  labelFacts,
  parse,
  parseCategory,
  readImport,
  recogniseMedia,
  subjectOf,
  takeWhole,
} from "@anamnesis/fhir";
import type { ImportFile, Subject, WholeRecord } from "@anamnesis/fhir";
import { headOf } from "../recordLabel.ts";
import type { Session } from "../session.ts";

/** A file, of any size. */
export interface FileContent {
  /** A re-iterable source, or the bytes. */
  readonly content: ContentSource | Uint8Array;
  readonly fileName: string;
}

/** What is to become records, and how. */
export interface RecordsInput extends FileContent {
  /** Further files of the same export: pages of a searchset, or NDJSON of a bulk export. */
  readonly more?: readonly FileContent[];
  /** Take a searchset although pages of it are missing. */
  readonly partial?: boolean;
  /** Take the file as it is, byte for byte. */
  readonly whole?: boolean;
  readonly category?: string;
  /** Why it is taken although it names another person than the patient: stands in the Provenance of its documents. */
  readonly despite?: string;
  /** Overrules what the file says of itself: whether its records go under the tags for sensitive ones. */
  readonly sensitive?: boolean;
}

/** A record of the file, with its content. */
export interface PreparedRecord {
  readonly record: WholeRecord;
  readonly content: ContentSource;
  /** The content's first bytes, `HEAD_BYTES` or all. */
  readonly head: Uint8Array;
  /** A name for what it holds of the input: another only where that changed. It never leaves the device. */
  readonly source: string;
  /** What it is a version of, as its label says; `null` where it says nothing. */
  readonly series: string | null;
}

export interface PreparedFile {
  readonly records: readonly PreparedRecord[];
  /** Whom the file is about, as it names them; `undefined` where it names nobody. */
  readonly subject: Subject | undefined;
}

/** FHIR JSON is parsed in memory; larger files are refused before they are read. */
const PARSED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The records that a file, or the files of one export, give.
 *
 * @throws {FhirError}
 */
export async function prepareRecords(
  session: Pick<Session, "clock" | "device">,
  input: RecordsInput,
): Promise<PreparedFile> {
  const said = {
    ...(input.category === undefined ? {} : { category: parseCategory(input.category) }),
    ...(input.sensitive === undefined ? {} : { sensitive: input.sensitive }),
  };
  const more = input.more ?? [];
  const source = sourceOf(input.content);
  const head = await headOf(source.open(), HEAD_BYTES);
  const { fileName } = input;
  if (more.length === 0 && (input.whole === true || !recogniseMedia(head, fileName).fhirText)) {
    const record = takeWhole(head, fileName, said);
    const named = { source: await hashOf(source), series: seriesOf(head) };
    return { records: [{ record, content: source, head, ...named }], subject: subjectIn(head) };
  }
  if (input.whole === true)
    throw new FhirError("FILES_DIFFER", "A file is taken whole by itself, want one file");
  const files = [input, ...more] as const;
  const [first, ...others] = await inMemory(files);
  const { documents, subject } = readImport([first as ImportFile, ...others], {
    timestamp: new Date(session.clock()).toISOString(),
    importer: session.device.name,
    partial: input.partial === true,
    ...(input.despite !== undefined && { override: input.despite }),
    ...said,
  });
  const records = documents.map((document): PreparedRecord => {
    const { bytes } = document;
    const head = bytes.subarray(0, HEAD_BYTES);
    const named = { source: document.source ?? hashOfBytes(bytes), series: seriesOf(head) };
    return { record: document, content: sourceOf(bytes), head, ...named };
  });
  return { records, subject };
}

async function inMemory(files: readonly FileContent[]): Promise<readonly ImportFile[]> {
  const size = files.reduce((sum, { content }) => sum + sourceOf(content).size, 0);
  if (size > PARSED_BYTES_MAX)
    throw new FhirError(
      "FILE_TOO_LARGE",
      `The file has ${size} bytes, wanted at most ${PARSED_BYTES_MAX} of FHIR JSON`,
    );
  return Promise.all(
    files.map(async ({ content, fileName }) => ({
      bytes:
        content instanceof Uint8Array ? content : await headOf(content.open(), PARSED_BYTES_MAX),
      fileName,
    })),
  );
}

const seriesOf = (head: Uint8Array): string | null => labelFacts(head).series ?? null;

/** Whom a file taken whole is about, if it is FHIR that says so. */
export function subjectIn(head: Uint8Array): Subject | undefined {
  if (recogniseMedia(head).mediaType !== "application/fhir+json") return undefined;
  try {
    return subjectOf(parse(head));
  } catch (error) {
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}

const sourceOf = (content: ContentSource | Uint8Array): ContentSource =>
  content instanceof Uint8Array
    ? { size: content.length, open: () => streamOf([content]) }
    : content;

const hashOfBytes = (bytes: Uint8Array): string => toHex(createSha256().update(bytes).digest());

async function hashOf(content: ContentSource): Promise<string> {
  const hash = createSha256();
  for await (const piece of piecesOf(content.open())) hash.update(piece);
  return toHex(hash.digest());
}
