import { readFile, stat } from "node:fs/promises";
import { openDevice, openSession } from "@anamnesis/client";
import type { Device, Session } from "@anamnesis/client";
import { affiliatedAt } from "@anamnesis/client/person";
import { AnamnesisError, parseTrust } from "@anamnesis/protocol";
import type { Role, Trust } from "@anamnesis/protocol";
import { deviceDir, lockHolder, parsePersonName, places } from "@anamnesis/client/folder";
import type { GlobalOptions } from "./options.ts";
import { passphraseOf } from "./passphrase.ts";

/**
 * Unlocks the device of the person who acts, and no other, and opens a session with the running federation.
 *
 * @param who - `NAME`, or `NAME@INSTITUTION` to act under that person's certificate there.
 * @throws {AnamnesisError} NOT_RUNNING, NOT_FOUND, AMBIGUOUS_NAME, PASSPHRASE_REQUIRED, PASSPHRASE_WRONG; NOT_FOR_THIS_ROLE when `roles`
 * are named and this person has none of them.
 */
export async function actingAs(
  options: GlobalOptions,
  who: string,
  roles?: readonly Role[],
): Promise<Session> {
  const [name = "", place] = who.split("@");
  await requireRunning(options.dir);
  const trust = await readTrust(places(options.dir).trust);
  const unlocked = await unlock(options, name);
  const device = place === undefined ? unlocked : await affiliatedAt(unlocked, place);
  if (roles !== undefined && !roles.includes(device.role)) {
    throw new AnamnesisError(
      "NOT_FOR_THIS_ROLE",
      `This is for a ${roles.join(" or ")}, and '${name}' is a ${device.role}`,
    );
  }
  return openSession(device, trust);
}

async function unlock(options: GlobalOptions, name: string): Promise<Device> {
  const folder = places(options.dir).device(parsePersonName(name));
  if (!(await exists(folder)))
    throw new AnamnesisError("NOT_FOUND", `No device in '${options.dir}' is called '${name}'`);
  return openDevice(deviceDir(folder), { passphrase: await passphraseOf(options) });
}

/** @throws {AnamnesisError} NOT_RUNNING */
export async function requireRunning(dir: string): Promise<void> {
  if ((await lockHolder(places(dir).lock)) !== undefined) return;
  throw new AnamnesisError(
    "NOT_RUNNING",
    `No federation runs in '${dir}', want 'anamnesis up' there first`,
  );
}

/** @throws {AnamnesisError} MALFORMED, UNSUPPORTED_VERSION */
export const readTrust = async (file: string): Promise<Trust> =>
  parseTrust(await readFile(file, "utf8"));

/** Whether something is there, even if it cannot be read. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    return true;
  }
}
