import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** Directories of the replicas in a data directory; put each on a disk of its own by a mount or a link. */
export const replicaFolders = (dataDirectory: string, count = 2): string[] =>
  Array.from({ length: count }, (_, at) => join(dataDirectory, `replica-${at + 1}`));

/**
 * Makes a vault's data directory. A vault has no keys.
 * @returns the replica directories.
 */
export async function initDataDirectory(
  dir: string,
  options: { readonly replicas?: number } = {},
): Promise<{ replicas: string[] }> {
  const replicas = replicaFolders(dir, options.replicas);
  for (const folder of replicas) await mkdir(folder, { recursive: true, mode: 0o700 });
  return { replicas };
}
