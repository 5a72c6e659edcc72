import { randomBytes, ready } from "@anamnesis/crypto/verify";
import type { RandomSource } from "@anamnesis/crypto/verify";
import type { Trust } from "@anamnesis/protocol";
import type { Device } from "./device.ts";
import { httpNetwork } from "./http/index.ts";
import type { Clock, Network } from "./ports.ts";

/** What every workflow works with: whose device, whom to trust, and the parties to talk to. */
export interface Session {
  readonly device: Device;
  readonly trust: Trust;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: RandomSource;
}

type Parts = Partial<Omit<Session, "device" | "trust">>;

/** A session over HTTP with the platform's clock and randomness; loads the curve engine. */
export async function openSession(
  device: Device,
  trust: Trust,
  parts: Parts = {},
): Promise<Session> {
  await ready();
  return makeSession(device, trust, parts);
}

/** As {@link openSession}, for lists at once: await crypto's `ready()` before anything is opened, written or granted. */
export const makeSession = (device: Device, trust: Trust, parts: Parts = {}): Session => ({
  device,
  trust,
  network: parts.network ?? httpNetwork(trust),
  clock: parts.clock ?? Date.now,
  random: parts.random ?? randomBytes,
});
