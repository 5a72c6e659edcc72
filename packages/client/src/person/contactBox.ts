import { sealTo } from "@anamnesis/crypto/box";
import { contactBoxKeys } from "@anamnesis/crypto/patientKeys";
import { hpkeInfo, AnamnesisError, consortiumOf } from "@anamnesis/protocol";
import type { ContactCard } from "@anamnesis/protocol";
import { bareCaller, certifiedCaller } from "../caller.ts";
import { encodeCard } from "../mail.ts";
import type { Session } from "../session.ts";
import { askMailbox } from "../members/ask.ts";

/**
 * Patient: opens the contact box at an institution's node (default: where enrolled) and leaves the card with the
 * registry, which gives it to a certified doctor who names the attested identifier exactly. Idempotent.
 *
 * @throws {AnamnesisError} NOT_FOR_THIS_ROLE, CERTIFICATE_INVALID before enrolment, UNAVAILABLE.
 */
export async function openContactBox(
  session: Session,
  options: { readonly institution?: string } = {},
): Promise<void> {
  const { device, network } = session;
  if (device.role !== "patient")
    throw new AnamnesisError(
      "NOT_FOR_THIS_ROLE",
      "Only patients have a contact box; staff are reached through their institution",
    );
  const { der } = await device.certificate();
  const kept = await device.items.get("contactBox", "contact");
  const item = kept ?? {
    institution: options.institution ?? device.institution,
    box: session.random(32),
  };
  if (kept === undefined) await device.items.put("contactBox", "contact", item);
  const keys = await contactBoxKeys(device.seed);
  await askMailbox(session, item.institution, (mailbox) =>
    mailbox.open(item.box, keys.postKey, bareCaller(keys.signing)),
  );
  const card: ContactCard = {
    node: item.institution,
    box: item.box,
    boxKey: keys.box.publicKey,
    postKey: keys.postKey,
    certificate: der,
  };
  const { registry } = consortiumOf(session.trust).consortium;
  const sealed = await sealTo({
    publicKey: registry.boxKey,
    info: hpkeInfo.contact,
    aad: new Uint8Array(0),
    plaintext: encodeCard(card),
  });
  await network.registry().leaveContact(sealed, await certifiedCaller(device));
}
