import { attackNodes } from "./nodeAttacks.ts";
import type { DemoTrail } from "./path.ts";
import { attackExpired, attackProxies, attackRevoked } from "./proxyAttacks.ts";
import type { DemoSteps } from "./steps.ts";
import { attackVault } from "./vaultAttacks.ts";
import type { DemoWorld } from "./world.ts";

/**
 * Attacks what the path has built, with requests that no client would make: each has to be refused by whom it reaches, for
 * the one reason that it is made for, and what is honest has to go on working.
 */
export async function playAttacks(
  world: DemoWorld,
  trail: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  await attackVault(world, trail, demo);
  await attackNodes(world, trail, demo);
  await attackProxies(world, trail, demo);
  await attackExpired(world, trail, demo);
  await attackRevoked(world, trail, demo);
}
