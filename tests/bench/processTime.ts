/** Processor time, which neighbours on a shared machine disturb less than the clock on the wall. */
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";

/** Linux counts a process's time in ticks of a hundredth of a second. */
const TICKS_PER_SECOND = 100;

/**
 * Seconds of processor time that a process has taken so far, all its threads, user and system.
 * @throws {Error} where there is no such process, or no /proc.
 */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name, in brackets, may hold spaces; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  if (!Number.isFinite(user + system)) throw new Error(`/proc/${pid}/stat is not as expected`);
  return (user + system) / TICKS_PER_SECOND;
}

/** Anonymous memory of a process in megabytes; mapped files are not counted. */
export async function anonymousMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return (Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6;
}

/** Seconds of processor time of one Ed25519 verification by `node:crypto`, over a message as long as a slip. */
export function verificationSeconds(forMs = 400): number {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const message = Buffer.alloc(400, 1);
  const signature = sign(null, message, privateKey);
  let count = 0;
  const before = process.cpuUsage();
  for (const start = performance.now(); performance.now() - start < forMs; count += 1)
    if (!verify(null, message, publicKey, signature)) throw new Error("Signature does not verify");
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / count;
}

export const median = (samples: readonly number[]): number =>
  samples.toSorted((left, right) => left - right)[Math.floor(samples.length / 2)] ?? Number.NaN;
