import {
  institutionPublicKey,
  tagKeys,
  visitBoxKeys,
  visitSigningKey,
} from "@anamnesis/crypto/patientKeys";
import type { BoxKeys, IdentifiedSigningKey } from "@anamnesis/crypto/patientKeys";
import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import type { VisitItem } from "../items.ts";
import type { Expected } from "../mail.ts";
import type { Session } from "../session.ts";

/** Key epoch of new visits. */
export const EPOCH = "1";

export const visitKey = (session: Session, visit: Pick<VisitItem, "salt">): IdentifiedSigningKey =>
  visitSigningKey({ seed: session.device.seed, visitSalt: visit.salt });

/** What shows the node of its institution that this visit may write to the staff there. */
export const asVisit = (session: Session, visit: Pick<VisitItem, "salt">): Expected => ({
  by: "visit",
  visit: bareCaller(visitKey(session, visit)),
});

const boxKeys = new WeakMap<Session, Map<string, Promise<BoxKeys>>>();

/** The keys of a visit's box; made once a session, for who attends asks for all of them again and again. */
export function visitBox(session: Session, visit: Pick<VisitItem, "salt">): Promise<BoxKeys> {
  const known = boxKeys.get(session) ?? new Map<string, Promise<BoxKeys>>();
  boxKeys.set(session, known);
  const name = toHex(visit.salt);
  const keys =
    known.get(name) ?? visitBoxKeys({ seed: session.device.seed, visitSalt: visit.salt });
  known.set(name, keys);
  return keys;
}

const publicKeys = new WeakMap<Session, Map<string, Uint8Array>>();

/** `A` for an institution and epoch, 96 bytes; computed once a session. */
export function publicKeyFor(
  session: Session,
  { institution, epoch }: Pick<VisitItem, "institution" | "epoch">,
): Uint8Array {
  const known = publicKeys.get(session) ?? new Map<string, Uint8Array>();
  publicKeys.set(session, known);
  const name = `${institution} ${epoch}`;
  const A =
    known.get(name) ?? institutionPublicKey({ seed: session.device.seed, institution, epoch });
  known.set(name, A);
  return A;
}

export const keysOfTag = (session: Session, tag: Uint8Array) =>
  tagKeys({ seed: session.device.seed, tag });

/** Every visit that is open on its chain. */
export async function openVisits(session: Session): Promise<readonly VisitItem[]> {
  return (await session.device.items.all("visit")).filter(({ open }) => open);
}

/** @throws {AnamnesisError} NOT_FOUND */
export async function visitOf(session: Session, pid: string): Promise<VisitItem> {
  const visit = await session.device.items.get("visit", pid);
  if (visit === undefined) throw new AnamnesisError("NOT_FOUND", "This device knows no such visit");
  return visit;
}
