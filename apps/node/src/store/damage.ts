import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AnamnesisError } from "@anamnesis/protocol";

/** Left in a chain's folder when its store was found damaged: what was wrong, and the height that was vouched for. */
export interface Damage {
  readonly fault: string;
  readonly height: number;
}

const damageFile = (folder: string): string => join(folder, "damage.json");

/** From now on the store is not opened again before it is rebuilt. */
export const markDamaged = (folder: string, damage: Damage): Promise<void> =>
  writeFile(damageFile(folder), JSON.stringify(damage), { mode: 0o600 });

/** @throws {AnamnesisError} STORE_CORRUPT when what was left cannot be read. */
export async function readDamage(folder: string): Promise<Damage | undefined> {
  let text: string;
  try {
    text = await readFile(damageFile(folder), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { fault, height } = parsed(text);
  if (typeof fault !== "string" || typeof height !== "number" || !Number.isSafeInteger(height))
    throw new AnamnesisError(
      "STORE_CORRUPT",
      "damage.json in the chain's folder is not what was left there: want fault and height",
    );
  return { fault, height };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
