import { AnamnesisError } from "@anamnesis/protocol";
import type { Affiliation, Device } from "../device.ts";

/**
 * One person may work at several institutions or in several roles, each under a certificate of its own, on one device. What
 * they learn as the one stays there: each has its own keys and items (docs/spec/registry.md R-29).
 */

const keyOf = ({ institution, role }: Affiliation): string => JSON.stringify([institution, role]);

/** Everything that this person is: first as what they enrolled first. */
export async function affiliationsOf(device: Device): Promise<readonly Affiliation[]> {
  const { institution, role } = device;
  return [{ institution, role }, ...(await device.items.all("affiliation"))];
}

/** Remembers a certificate beside the first. */
export const noteAffiliation = (device: Device, affiliation: Affiliation): Promise<void> =>
  device.items.put("affiliation", keyOf(affiliation), affiliation);

/**
 * The person as who they are at one institution.
 *
 * @throws {AnamnesisError} NOT_FOUND when they have no certificate there, AMBIGUOUS_NAME when they have several.
 */
export async function affiliatedAt(
  device: Device,
  institution: string,
  role?: string,
): Promise<Device> {
  if (device.institution === institution && (role ?? device.role) === device.role) return device;
  const found = (await device.items.all("affiliation")).filter(
    (one) => one.institution === institution && (role ?? one.role) === one.role,
  );
  const [only, other] = found;
  if (only === undefined)
    throw new AnamnesisError("NOT_FOUND", `'${device.name}' has no certificate at ${institution}`);
  if (other !== undefined)
    throw new AnamnesisError(
      "AMBIGUOUS_NAME",
      `'${device.name}' is ${found.map((one) => one.role).join(" and ")} at ${institution}`,
    );
  return device.as(only);
}
