import { httpNetwork } from "@anamnesis/client";
import type { DirectorySource } from "@anamnesis/client";
import { places } from "@anamnesis/client/folder";
import { readTrust, requireRunning } from "./actor.ts";
import type { GlobalOptions } from "./options.ts";

/** The running federation's directory, which everybody may read. @throws {AnamnesisError} NOT_RUNNING */
export async function directoryOf({ dir }: GlobalOptions): Promise<DirectorySource> {
  await requireRunning(dir);
  const trust = await readTrust(places(dir).trust);
  return { trust, network: httpNetwork(trust) };
}
