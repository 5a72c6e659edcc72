import { mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { randomBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { CaKey } from "@anamnesis/protocol";
import { authority, authorityIds, caKey, certifyAuthority } from "./authority.ts";
import type { Authority, AuthorityId } from "./authority.ts";

/** What a registry's data directory holds once it is open. */
export interface OpenedData {
  readonly authorities: Readonly<Record<AuthorityId, Authority>>;
  readonly box: BoxKeypair;
  /** Opens what nodes keep of whose a visit is. */
  readonly trace: BoxKeypair;
  /** Under which identities are encrypted, 32 bytes; it lies outside the data directory. */
  readonly storeKey: Uint8Array;
  readonly storePath: string;
}

/** Where a registry remembers the nonces of signed requests. */
export const nonceFolder = (dataDirectory: string): string => join(dataDirectory, "nonces");

export interface DataPlace {
  readonly dataDirectory: string;
  /** File with the key of the identity store, outside the data directory. */
  readonly keyFile: string;
}

/**
 * Makes root, both intermediates, the registry's own X-Wing key, the one for tracing, and the key of the identity store. Every file is
 * readable by its owner only.
 *
 * @param options.now - Unix milliseconds.
 * @returns the public parts, for genesis.
 * @throws {AnamnesisError} BAD_REQUEST when the key file would lie inside the data directory, DEVICE_EXISTS when there is one already.
 */
export async function initDataDirectory(
  dir: string,
  options: { readonly keyFile: string; readonly now?: number },
): Promise<{ cas: CaKey[]; boxKey: Uint8Array; traceKey: Uint8Array }> {
  const { keyFile, now = Date.now() } = options;
  if (!relative(resolve(dir), resolve(keyFile)).startsWith("..")) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      "Key file lies inside the registry's data directory; want it elsewhere, so that a copy of the data directory tells nothing",
    );
  }
  for (const folder of [join(dir, "ca"), join(dir, "store"), dirname(keyFile)]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  await writeSecret(keyFile, randomBytes(32));
  await writeSecret(join(dir, "box.key"), randomBytes(32));
  await writeSecret(join(dir, "trace.key"), randomBytes(32));
  let root: Authority | undefined;
  for (const id of authorityIds) {
    const seed = randomBytes(32);
    const der = await certifyAuthority({ id, seed }, root, now);
    await writeSecret(join(dir, "ca", `${id}.key`), seed);
    await writeSecret(join(dir, "ca", `${id}.der`), der);
    root ??= await authority(id, seed, der);
  }
  const { authorities, box, trace } = await openDataDirectory({ dataDirectory: dir, keyFile });
  return {
    cas: authorityIds.map((id) => caKey(authorities[id])),
    boxKey: box.publicKey,
    traceKey: trace.publicKey,
  };
}

/** @throws {AnamnesisError} FILE_UNREADABLE when a key is missing or readable by others. */
export async function openDataDirectory({
  dataDirectory,
  keyFile,
}: DataPlace): Promise<OpenedData> {
  const load = async (id: AuthorityId): Promise<Authority> =>
    authority(
      id,
      await readSecret(join(dataDirectory, "ca", `${id}.key`)),
      await readFile(join(dataDirectory, "ca", `${id}.der`)),
    );
  return {
    authorities: {
      root: await load("root"),
      care: await load("care"),
      "third-parties": await load("third-parties"),
    },
    box: await boxKeypairFromSeed(await readSecret(join(dataDirectory, "box.key"))),
    trace: await boxKeypairFromSeed(await readSecret(join(dataDirectory, "trace.key"))),
    storeKey: await readSecret(keyFile),
    storePath: join(dataDirectory, "store"),
  };
}

async function writeSecret(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "EEXIST")
      throw new AnamnesisError(
        "DEVICE_EXISTS",
        "Data directory exists already; its keys are kept",
        {
          cause,
        },
      );
    throw cause;
  });
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readSecret(path: string): Promise<Uint8Array> {
  const unreadable = (why: string, cause?: unknown): AnamnesisError =>
    new AnamnesisError(
      "FILE_UNREADABLE",
      `Key file ${why}; want 32 bytes that only the owner can read`,
      { cause },
    );
  const about = await stat(path).catch((cause: unknown) => {
    throw unreadable("is missing", cause);
  });
  if ((about.mode & 0o077) !== 0) throw unreadable("can be read by others");
  const bytes = await readFile(path);
  if (bytes.length !== 32) throw unreadable(`has ${bytes.length} bytes`);
  return Uint8Array.from(bytes);
}
