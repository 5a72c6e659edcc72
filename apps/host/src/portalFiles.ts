import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { compress, isCompressible } from "./compressed.ts";
import type { Encoding } from "./compressed.ts";

/** The bundled portal, built by `npm start` and `npm test`. */
const dist = join(import.meta.dirname, "../../web/dist");

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};

export interface PortalFile {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** The file's name holds a hash of its content. */
  readonly isImmutable: boolean;
  /** How `bytes` are encoded; absent: as they are. */
  readonly encoding?: Encoding;
}

/** Shown where the portal was not bundled: the servers work all the same. */
const unbuilt: PortalFile = {
  bytes: new TextEncoder().encode(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Anamnesis</title>' +
      "<p>The federation runs, but its portal is not bundled. Run <code>npm start</code> in the project's folder.</p></html>",
  ),
  mediaType: "text/html; charset=utf-8",
  isImmutable: false,
};

/**
 * Reads the names of the bundle once; only those names are ever served, so no path can lead out of it. What never changes is
 * compressed once.
 *
 * @param folder - Of the bundle.
 * @returns the file for a URL's path, in the encoding that is taken where that makes it smaller; the start page for paths that
 * are the portal's own routes; else `undefined`.
 */
export async function portalFiles(
  folder: string = dist,
): Promise<(path: string, encoding?: Encoding) => Promise<PortalFile | undefined>> {
  const names = new Set(await namesBelow(folder));
  const kept = new Map<string, Promise<Uint8Array>>();
  const encoded = (name: string, file: PortalFile, encoding: Encoding): Promise<Uint8Array> => {
    if (!file.isImmutable) return compress(file.bytes, encoding);
    const known = kept.get(`${encoding} ${name}`) ?? compress(file.bytes, encoding);
    kept.set(`${encoding} ${name}`, known);
    return known;
  };
  return async (path, encoding) => {
    const asked = path.slice(1);
    const name = names.has(asked) ? asked : extname(asked) === "" ? "index.html" : undefined;
    if (name === undefined) return undefined;
    if (!names.has(name)) return unbuilt;
    const file: PortalFile = {
      bytes: await readFile(join(folder, name)),
      mediaType: mediaTypes[extname(name)] ?? "application/octet-stream",
      isImmutable: name.startsWith("assets/"),
    };
    return encoding === undefined || !isCompressible(file.mediaType, file.bytes.length)
      ? file
      : { ...file, encoding, bytes: await encoded(name, file, encoding) };
  };
}

async function namesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll("\\", "/"),
      );
  } catch {
    return [];
  }
}
