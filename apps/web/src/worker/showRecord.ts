import type { OpenRecord } from "@anamnesis/client";
import { piecesOf } from "@anamnesis/crypto/verify";
import type { Summary } from "@anamnesis/fhir/summary";
import { AnamnesisError } from "@anamnesis/protocol";
import type { ShownRecord } from "./port.ts";

/** Largest record that a browser shows or downloads: 256 MiB. */
const BYTES_MAX = 256 * 1024 * 1024;
/** Largest record that is parsed for its summary: the parser's own limit, 64 MiB. */
const SUMMARY_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Reads an opened record to its end and only then gives it away: what does not verify as a whole is never shown.
 *
 * @throws {AnamnesisError} TOO_LARGE. @throws {CryptoError} E_DECRYPT
 */
export async function showRecord(
  opened: OpenRecord,
): Promise<ShownRecord & { readonly content: Blob }> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of piecesOf(opened.content)) {
    size += part.length;
    if (size > BYTES_MAX)
      throw new AnamnesisError("TOO_LARGE", `The record has more than ${BYTES_MAX} bytes`);
    parts.push(new Uint8Array(part));
  }
  const { mediaType, fileName } = await opened.finished;
  const content = new Blob(parts, { type: "application/octet-stream" });
  const isFhir = mediaType === "application/fhir+json" && size <= SUMMARY_BYTES_MAX;
  const summary = isFhir ? await summaryOf(new Uint8Array(await content.arrayBuffer())) : undefined;
  return {
    record: opened.record,
    version: opened.version,
    mediaType,
    fileName: safeFileName(fileName, mediaType),
    content,
    canCopy: true,
    ...(summary !== undefined && { summary }),
  };
}

/** `undefined` for what is signed but cannot be read: it is still offered as a file. */
async function summaryOf(bytes: Uint8Array): Promise<Summary | undefined> {
  // An HTML parser comes with it, which lists do not need.
  const { parse, summarise } = await import("./summarise.ts");
  try {
    return summarise(parse(bytes));
  } catch {
    return undefined;
  }
}

const extensions: Readonly<Record<string, string>> = {
  "application/fhir+json": "json",
  "application/pdf": "pdf",
  "application/dicom": "dcm",
  "image/png": "png",
  "image/jpeg": "jpg",
  "text/plain": "txt",
};

/** The name under which a file is offered: that of the record without what could lead elsewhere or deceive. */
export function safeFileName(fileName: string | undefined, mediaType: string): string {
  const plain = (fileName ?? "")
    .split(/[/\\]/)
    .at(-1)
    ?.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"|?*]/gu, "")
    .replace(/^\.+/, "")
    .trim()
    .slice(0, 120);
  if (plain !== undefined && plain !== "") return plain;
  return `record.${extensions[mediaType] ?? "bin"}`;
}
