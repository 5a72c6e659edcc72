/** Faults of a federation's processes, each undone when its round is over. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { consortiumOf } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";

/** `frozen`: it takes connections and answers nothing. `killed`: nobody is there, and nobody starts it again meanwhile. */
export type Fault = "frozen" | "killed";

interface Run {
  readonly run: { readonly pid: number; readonly children: Readonly<Record<string, number>> };
}

const runOf = async (dir: string): Promise<Run["run"]> =>
  (JSON.parse(await readFile(join(dir, "federation.json"), "utf8")) as Run).run;

/** Lets `work` run while a child of the federation does not. */
export async function during(
  { dir, trust }: { readonly dir: string; readonly trust: Trust },
  part: string,
  fault: Fault,
  work: () => Promise<void>,
): Promise<void> {
  const { pid, children } = await runOf(dir);
  const child = children[part];
  assert.ok(child !== undefined, `${part} has no process`);
  if (fault === "frozen") process.kill(child, "SIGSTOP");
  else {
    process.kill(pid, "SIGSTOP"); // Whoever starts children again.
    process.kill(child, "SIGKILL");
  }
  try {
    await work();
  } finally {
    process.kill(fault === "frozen" ? child : pid, "SIGCONT");
    await isBack(trust, part);
  }
}

async function isBack(trust: Trust, part: string): Promise<void> {
  const genesis = consortiumOf(trust);
  const { registry, vaults } = genesis.consortium;
  const addresses = [...genesis.members, ...vaults, { id: "registry", ...registry }];
  const address = addresses.find(({ id }) => id === part)?.address;
  const { members } = genesis;
  const isMember = members.some(({ id }) => id === part);
  const asks = isMember ? trust.chains.map(({ chain }) => `/chains/${chain}/head`) : ["/health"];
  for (const ask of asks) {
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(`${address}${ask}`, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      if (answer?.ok === true || answer?.status === 404) break;
      assert.ok(tries < 200, `${part} does not come back`);
      await sleep(100);
    }
  }
}
