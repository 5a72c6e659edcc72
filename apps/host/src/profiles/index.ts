import { AnamnesisError } from "@anamnesis/protocol";
import { federation } from "./federation.ts";
import type { Profile } from "./federation.ts";

const profiles: Readonly<Record<string, Profile>> = { federation };

/** @throws {AnamnesisError} NOT_FOUND */
export function profileNamed(name: string): Profile {
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (found !== undefined) return found;
  throw new AnamnesisError(
    "NOT_FOUND",
    `No profile is called '${name}', want ${Object.keys(profiles).join(", ")}`,
  );
}
