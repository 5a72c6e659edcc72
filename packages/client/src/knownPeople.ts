import { AnamnesisError } from "@anamnesis/protocol";
import type { Session } from "./session.ts";

/** Whom this device dealt with, as it tells them apart: name, role and institution (patients: the identifier asked). */
interface Person {
  readonly fingerprint: string;
  readonly name: string;
  readonly role: string;
  readonly institution: string;
}

const keyOf = ({ name, role, institution }: Person): string =>
  JSON.stringify([institution, role, name]);

/**
 * Remembers a person at the first dealing, and refuses another key under a known name later until the user has said yes
 * to it ({@link acceptPerson}): whoever issues certificates could otherwise put somebody in their place unseen.
 *
 * @throws {AnamnesisError} KEY_CHANGED
 */
export async function assertKnown({ device }: Session, person: Person): Promise<void> {
  const { fingerprint } = person;
  const known = await device.items.get("known", keyOf(person));
  if (known?.accepted.includes(fingerprint) === true) return;
  if (known === undefined) {
    await device.items.put("known", keyOf(person), { accepted: [fingerprint], waiting: [] });
    return;
  }
  if (!known.waiting.includes(fingerprint))
    await device.items.put("known", keyOf(person), {
      ...known,
      waiting: [...known.waiting, fingerprint],
    });
  const before = known.accepted.map((each) => each.slice(0, 16)).join(", ");
  throw new AnamnesisError(
    "KEY_CHANGED",
    `This device knows ${person.name} by ${before}; now it is ${fingerprint}. Ask them, and accept it if it is theirs`,
  );
}

/**
 * The user says that a key which was refused is who they think it is; the one known before still counts.
 *
 * @param fingerprint - Of the certificate, 64 hex digits.
 * @throws {AnamnesisError} NOT_FOUND when no key of this fingerprint waits.
 */
export async function acceptPerson({ device }: Session, fingerprint: string): Promise<void> {
  const found = (await device.items.entries("known")).find(([, { waiting }]) =>
    waiting.includes(fingerprint),
  );
  if (found === undefined)
    throw new AnamnesisError("NOT_FOUND", "Nobody with this fingerprint waits to be accepted");
  const [key, { accepted, waiting }] = found;
  await device.items.put("known", key, {
    accepted: [...accepted, fingerprint],
    waiting: waiting.filter((each) => each !== fingerprint),
  });
}
