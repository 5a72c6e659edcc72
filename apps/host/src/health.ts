import { setTimeout as sleep } from "node:timers/promises";
import { Part } from "@anamnesis/http";
import type { CallInput } from "@anamnesis/http";
import { AnamnesisError, everyRoutes, nodeRoutes } from "@anamnesis/protocol";
import type { Route, Trust } from "@anamnesis/protocol";

const ANSWER_MS = 2_000;

/** Every server's base address, with what to call it when it does not answer. */
export function addressesOf(trust: Trust): Map<string, string> {
  const found = new Map<string, string>();
  for (const genesis of trust.chains) {
    for (const member of genesis.members) found.set(member.address, `node of ${member.id}`);
    if (genesis.consortium === undefined) continue;
    const { proxies, registry, vaults } = genesis.consortium;
    for (const proxy of proxies) found.set(proxy.address, `proxy of ${proxy.institution}`);
    found.set(registry.address, "registry");
    for (const vault of vaults) found.set(vault.address, `vault of ${vault.institution}`);
  }
  return found;
}

/**
 * Waits until every server says it is well and every member of every chain signs heads at its writer's height.
 *
 * @throws {AnamnesisError} UNAVAILABLE, naming what did not come up within `timeoutMs`.
 */
export async function untilHealthy(trust: Trust, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const missing = await firstMissing(trust);
    if (missing === undefined) return;
    if (Date.now() > until)
      throw new AnamnesisError(
        "UNAVAILABLE",
        `${missing} did not come up within ${timeoutMs / 1000} s`,
      );
    await sleep(100);
  }
}

async function firstMissing(trust: Trust): Promise<string | undefined> {
  const parties = await Promise.all(
    [...addressesOf(trust)].map(async ([address, what]) =>
      (await answers(address, everyRoutes.getHealth, {})) ? undefined : what,
    ),
  );
  const silent = parties.find((what) => what !== undefined);
  if (silent !== undefined) return silent;
  const heads = await Promise.all(
    trust.chains.flatMap((genesis) => {
      const writer = genesis.members.find(({ id }) => id === genesis.writer);
      return genesis.members.map(async (member) => {
        const mine = await heightAt(member.address, genesis.chain);
        const newest = await heightAt(writer?.address ?? "", genesis.chain);
        const signs = await answers(member.address, nodeRoutes.getHead, {
          params: { chain: genesis.chain },
        });
        const isLevel = mine !== undefined && newest !== undefined && mine >= newest;
        return isLevel && signs ? undefined : `${member.id} on ${genesis.chain}`;
      });
    }),
  );
  return heads.find((what) => what !== undefined);
}

async function answers<R extends Route>(
  address: string,
  route: R,
  input: CallInput<R>,
): Promise<boolean> {
  try {
    await new Part("server", address, { timeoutMs: ANSWER_MS }).call(route, input);
    return true;
  } catch {
    return false;
  }
}

async function heightAt(address: string, chain: string): Promise<number | undefined> {
  try {
    const node = new Part("node", address, { timeoutMs: ANSWER_MS });
    const { chains } = await node.call(nodeRoutes.listChains, {});
    return chains.find((each) => each.chain === chain)?.height;
  } catch {
    return undefined;
  }
}
