import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AnamnesisError } from "@anamnesis/protocol";

/** What a server that holds its folders has to offer: it can be stopped. */
interface Stoppable {
  stop(): Promise<void>;
}

/** SQLITE_BUSY (sqlite.org/rescode.html); what is above its low byte says more exactly why. */
const BUSY = 5;

/**
 * Runs a server that alone may use its folders: they are held from before it opens them until it has stopped. Whatever it
 * makes from then on, databases of libraries included, is for its own user alone (0600, folders 0700).
 *
 * The lock is the kernel's, on the file `lock` of each folder, taken through SQLite because Node has no call for it. It
 * ends with the process, however that ends; the empty file that stays means nothing.
 *
 * @throws {AnamnesisError} ALREADY_RUNNING when a folder is in use, by this process or another; FILE_UNREADABLE when it
 * is missing or cannot be written; those of `start`. Then nothing is held.
 */
export async function holding<T extends Stoppable>(
  folders: readonly string[],
  start: () => Promise<T>,
): Promise<T> {
  process.umask(0o077);
  const held: DatabaseSync[] = [];
  const release = (): void => {
    for (const lock of held.splice(0)) lock.close();
  };
  try {
    for (const folder of folders) held.push(hold(folder));
    const server = await start();
    return { ...server, stop: () => server.stop().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

function hold(folder: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, "lock"), { timeout: 0 });
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock?.close();
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 === BUSY) {
      throw new AnamnesisError(
        "ALREADY_RUNNING",
        `Folder '${folder}' is in use by a server already; want one server for each`,
        { cause },
      );
    }
    throw new AnamnesisError(
      "FILE_UNREADABLE",
      `Folder '${folder}' cannot be held; want one that exists and can be written`,
      { cause },
    );
  }
}
