import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AnamnesisError } from "@anamnesis/protocol";
import { writeAtomically } from "./deviceDir.ts";

/** `DIR/federation.json`: what one federation on this machine is made of. Holds no secret. */
export interface FederationFile {
  readonly v: 1;
  readonly profile: string;
  readonly demo: boolean;
  /** Consortium chain id, and care chain id by institution. */
  readonly consortium: string;
  readonly care: Readonly<Record<string, string>>;
  /** Loopback ports, kept for good because genesis documents hold the addresses. */
  readonly ports: {
    readonly nodes: Readonly<Record<string, number>>;
    readonly proxies: Readonly<Record<string, number>>;
    readonly registry: number;
    readonly vaults: Readonly<Record<string, number>>;
  };
  /** The portal's port of the last run; asked for again by the next. */
  readonly portal?: number;
  /** Demo persons that have been seeded. */
  readonly seeded: readonly string[];
  /** This run: absent when nothing runs. */
  readonly run?: {
    readonly pid: number;
    readonly portal: string;
    readonly children: Readonly<Record<string, number>>;
  };
}

/** Where everything of a federation lies below its folder. */
export const places = (dir: string) => ({
  federation: join(dir, "federation.json"),
  trust: join(dir, "trust.json"),
  lock: join(dir, "up.lock"),
  genesis: join(dir, "genesis"),
  data: join(dir, "data"),
  /** Keys that must not lie beside the data they protect. */
  secrets: join(dir, "secrets"),
  vaults: join(dir, "vaults"),
  logs: join(dir, "logs"),
  devices: join(dir, "devices"),
  device: (name: string) => join(dir, "devices", name),
  attendLock: (name: string) => join(dir, "attending", `${name}.lock`),
  attending: join(dir, "attending"),
});

/** @returns `undefined` where no federation was made yet. @throws {AnamnesisError} MALFORMED, UNSUPPORTED_VERSION */
export async function readFederation(dir: string): Promise<FederationFile | undefined> {
  let text: string;
  try {
    text = await readFile(places(dir).federation, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  let value: Partial<FederationFile> | null;
  try {
    value = JSON.parse(text) as Partial<FederationFile> | null;
  } catch (cause) {
    throw new AnamnesisError("MALFORMED", "federation.json is not JSON", { cause });
  }
  if (value?.v !== 1)
    throw new AnamnesisError(
      "UNSUPPORTED_VERSION",
      "federation.json has an unknown version, want 1",
    );
  return value as FederationFile;
}

export const writeFederation = (dir: string, file: FederationFile): Promise<void> =>
  writeAtomically(places(dir).federation, `${JSON.stringify(file, null, 2)}\n`);
