import type { Stated } from "@anamnesis/protocol";
import type { Session } from "../session.ts";

/** What visit tokens say about this patient: what was stated last, else the device's name alone. */
export async function statedBy({ device }: Session): Promise<Stated> {
  return (await device.items.get("stated", "own")) ?? { name: device.name };
}

/**
 * Says what visit tokens tell from now on about name, birth date, sex and local identifiers. What is left out is not said;
 * nobody checks it.
 */
export async function stateAboutSelf({ device }: Session, stated: Stated): Promise<void> {
  await device.items.put("stated", "own", stated);
}
