import { openWith, sealTo } from "@anamnesis/crypto/box";
import { toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  checkIdentifier,
  consortiumOf,
  contactAnswer,
  contactLookup,
  hpkeInfo,
} from "@anamnesis/protocol";
import type { ContactCard } from "@anamnesis/protocol";
import { certifiedCaller } from "../caller.ts";
import { assertKnown } from "../knownPeople.ts";
import { decodeCard, encodeCard } from "../mail.ts";
import { verifyPatient } from "../people.ts";
import type { Session } from "../session.ts";

/** A patient whom this doctor can write to; `cards` newest first. */
export interface KnownPatient {
  readonly fingerprint: string;
  readonly name: string;
  readonly cards: readonly ContactCard[];
}

const noAad = new Uint8Array(0);

/** A card's place in the address book: nobody's card takes the place of another patient's. */
export const contactKey = (patient: string, { box }: Pick<ContactCard, "box">): string =>
  `${patient} ${toHex(box)}`;

/** The address book. */
export async function listPatients(
  session: Session,
): Promise<readonly { readonly fingerprint: string; readonly name: string }[]> {
  return (await knownPatients(session))
    .map(({ fingerprint, name }) => ({ fingerprint, name }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function knownPatients(session: Session): Promise<readonly KnownPatient[]> {
  const contacts = (await session.device.items.all("contact")).toSorted((a, b) => b.time - a.time);
  const byPatient = Map.groupBy(contacts, ({ patient }) => patient);
  return [...byPatient].map(([fingerprint, items]) => ({
    fingerprint,
    name: items[0]?.name ?? "",
    cards: items.map(({ card }) => decodeCard(card)),
  }));
}

/**
 * The patient that a doctor means: a name in the address book, a fingerprint, else an identifier asked of the registry
 * (which logs the question and tells the patient).
 *
 * @throws {AnamnesisError} AMBIGUOUS_NAME when two patients go by this name; NOT_FOUND; what {@link lookupPatient} throws.
 */
export async function resolvePatient(session: Session, who: string): Promise<KnownPatient> {
  const known = await knownPatients(session);
  const contacts = await session.device.items.all("contact");
  const meant = new Set(
    contacts
      .filter(({ name, patient }) => name === who || patient === who)
      .map(({ patient }) => patient),
  );
  if (meant.size > 1) {
    throw new AnamnesisError(
      "AMBIGUOUS_NAME",
      `${meant.size} patients go by this name here, want a fingerprint: ${[...meant].map((fingerprint) => fingerprint.slice(0, 16)).join(", ")}`,
    );
  }
  const found = known.find(({ fingerprint }) => meant.has(fingerprint));
  return found ?? lookupPatient(session, who);
}

/**
 * Asks the registry for the contact card of whoever was attested under this identifier, exactly. What a registrar signed,
 * not the registry's word, says whose card it is.
 *
 * @throws {AnamnesisError} NOT_FOUND (nobody, or not to be reached: both look alike), NOT_FOR_THIS_ROLE, RATE_LIMITED,
 * CERTIFICATE_INVALID, REGISTRATION_INVALID, KEY_CHANGED, UNAVAILABLE.
 */
export async function lookupPatient(session: Session, identifier: string): Promise<KnownPatient> {
  const { device } = session;
  const { registry } = consortiumOf(session.trust).consortium;
  const sealed = await sealTo({
    publicKey: registry.boxKey,
    info: hpkeInfo.lookUp,
    aad: noAad,
    plaintext: contactLookup.encode({ v: 1, identifier }),
  });
  const answer = await session.network.registry().lookup(sealed, await certifiedCaller(device));
  const { box } = await device.keys();
  const { card, salt, registration } = contactAnswer.decode(
    await openWith({ secretKey: box.secretKey, info: hpkeInfo.card, aad: noAad, sealed: answer }),
  );
  const { certificate } = card;
  const { fingerprint } = await verifyPatient(session, { certificate, registration });
  checkIdentifier(registration, salt, identifier);
  const patient = { fingerprint, name: identifier, role: "patient", institution: "" };
  await assertKnown(session, patient);
  await device.items.put("contact", contactKey(fingerprint, card), {
    patient: fingerprint,
    name: identifier,
    card: encodeCard(card),
    time: session.clock(),
  });
  return { fingerprint, name: identifier, cards: [card] };
}
