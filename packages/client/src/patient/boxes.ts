import { contactBoxKeys } from "@anamnesis/crypto/patientKeys";
import type { BoxKeys } from "@anamnesis/crypto/patientKeys";
import type { ContactCard } from "@anamnesis/protocol";
import type { Session } from "../session.ts";
import { openVisits, visitBox } from "./visitKeys.ts";

/** A box that this patient reads: the contact box, or that of a visit. */
export interface OwnBox {
  readonly institution: string;
  readonly box: Uint8Array;
  readonly keys: BoxKeys;
}

/** Every box of this patient. */
export async function ownBoxes(session: Session): Promise<readonly OwnBox[]> {
  const contact = await session.device.items.get("contactBox", "contact");
  const boxes: OwnBox[] =
    contact === undefined ? [] : [{ ...contact, keys: await contactBoxKeys(session.device.seed) }];
  for (const visit of await openVisits(session)) {
    if (visit.box !== null)
      boxes.push({
        institution: visit.institution,
        box: visit.box,
        keys: await visitBox(session, visit),
      });
  }
  return boxes;
}

export const cardOfBox = ({ institution, box, keys }: OwnBox): ContactCard => ({
  node: institution,
  box,
  boxKey: keys.box.publicKey,
  postKey: keys.postKey,
  certificate: new Uint8Array(0),
});
