import { randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";

/** Who holds a lock: a process id, and when that process started where the system tells (so that a reused id is not taken for it). */
interface Holder {
  readonly pid: number;
  readonly started: string;
}

/**
 * Takes a lock file for as long as this process lives; one that a dead process left behind is taken over.
 *
 * @returns what releases it, or `undefined` when a living process holds it.
 */
export async function takeLock(path: string): Promise<(() => Promise<void>) | undefined> {
  const mine: Holder = { pid: process.pid, started: await startOf(process.pid) };
  const written = `${path}.${randomBytes(6).toString("hex")}.part`;
  await writeFile(written, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await linked(written, path)) return () => rm(path, { force: true });
      if ((await lockHolder(path)) !== undefined) return undefined;
      await rm(path, { force: true });
    }
    return undefined;
  } finally {
    await rm(written, { force: true });
  }
}

/** A link appears whole, so that no reader meets a lock without its holder. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The living process that holds a lock, if any. */
export async function lockHolder(path: string): Promise<number | undefined> {
  let holder: Partial<Holder>;
  try {
    holder = JSON.parse(await readFile(path, "utf8")) as Partial<Holder>;
  } catch {
    return undefined;
  }
  const { pid, started } = holder;
  if (typeof pid !== "number" || !isAlive(pid)) return undefined;
  return (await startOf(pid)) === started ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Start time in clock ticks since boot (proc_pid_stat(5), field 22); empty where there is no /proc. A process that has ended
 * and was not yet collected by its parent (state Z) has none.
 */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : (fields[19] ?? "");
  } catch {
    return "";
  }
}
