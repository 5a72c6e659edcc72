import { cpuSeconds } from "./processTime.ts";

/** Process ids, by who they belong to. */
export type Parties = Readonly<Record<string, readonly number[]>>;
/** Processor milliseconds. */
export type CpuByParty = Readonly<Record<string, number>>;

/** What work gives, and the processor time that it took of each party. */
export async function cpuOf<T>(
  parties: Parties,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpu: CpuByParty }> {
  const before = await cpuByParty(parties);
  const result = await work();
  return { result, cpu: taken(before, await cpuByParty(parties)) };
}

export const taken = (before: CpuByParty, after: CpuByParty): CpuByParty =>
  Object.fromEntries(
    Object.entries(after).map(([party, ms]) => [party, ms - (before[party] ?? 0)]),
  );

/** So far. */
export async function cpuByParty(parties: Parties): Promise<CpuByParty> {
  const sums = Object.entries(parties).map(async ([party, pids]) => {
    const of = await Promise.all(pids.map(cpuSeconds));
    return [party, of.reduce((sum, seconds) => sum + seconds * 1_000, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(sums));
}
