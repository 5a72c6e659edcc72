/** Who takes part in the attacks, what they wrote and granted, and how an honest reader opens it. */
import assert from "node:assert/strict";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { randomBytes, recordDigest, sha256 } from "@anamnesis/crypto/verify";
import {
  careChainOf,
  decodeSlipProof,
  encodeSlipProof,
  verifySlipProof,
} from "@anamnesis/protocol";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { proveSlip } from "../../packages/client/src/proofs/prove.ts";
import { intend, itemOf, shown } from "./attackTools.ts";
import type { AskedOpening } from "./attackTools.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

export const hour = 3_600_000;
export const file = syntheticPdf(11);

export let people: People;
export let alice: Session;
export let mallory: Session;
export let author: Session;
export let colleague: Session;
export let reader: Session;
export let stranger: Session;
/** Two records of one tag, and one of another. */
export let blood = "";
export let sibling = "";
export let note = "";
/** To the reader: the tag of the first two; and the first record only. */
export let byCategory = "";
export let byRecord = "";

export async function startWorld(): Promise<void> {
  people = await startPeople();
  [alice, mallory, author, colleague, reader, stranger] = await Promise.all([
    people.enrol("alice", "patient", "general-hospital"),
    people.enrol("mallory", "patient", "general-hospital"),
    people.enrol("dr-author", "doctor", "general-hospital"),
    people.enrol("dr-colleague", "doctor", "general-hospital"),
    people.enrol("dr-reader", "doctor", "city-hospital"),
    people.enrol("dr-stranger", "doctor", "city-hospital"),
  ]);
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "dr-author" });
  await doctor.receive(author);
  const write = async (name: string, category: string): Promise<string> => {
    const content = Buffer.concat([file, Buffer.from(name)]);
    const [written] = await doctor.importFile(author, {
      content,
      fileName: `${name}.pdf`,
      for: "alice",
      whole: true,
      category,
    });
    assert.ok(written);
    return written.id;
  };
  blood = await write("blood", "laboratory");
  sibling = await write("sibling", "laboratory");
  note = await write("note", "encounter-note");
  await patient.receive(alice);
  const until = Date.now() + hour;
  byCategory = (await patient.grant(alice, { to: "dr-reader", categories: ["laboratory"], until }))
    .id;
  byRecord = (await patient.grant(alice, { to: "dr-reader", records: [blood], until })).id;
  await doctor.receive(reader);
}

/** Opens as an honest reader, and gives the bytes. */
export const read = async (who: Session, id: string): Promise<Uint8Array> =>
  (await collect(await doctor.openRecord(who, id))).content;

export const all = (code: string): string[] => Array.from({ length: 4 }, () => code);

/** An opening that every proxy would serve, to be spoiled. */
export async function honest(id: string, gid: string): Promise<AskedOpening> {
  const item = itemOf(await shown(reader, id));
  const digests = [digestOf(item.record)];
  const salt = randomBytes(32);
  return { gid, intent: await intend(reader, gid, digests, salt), salt, digests, items: [item] };
}

export function digestOf(record: Uint8Array): Uint8Array {
  const { slip } = verified(record);
  assert.ok(slip.kind === "record.submit" || slip.kind === "record.amend");
  return slip.fields.digest;
}

export const verified = (record: Uint8Array): ReturnType<typeof verifySlipProof> =>
  verifySlipProof(careChainOf(people.trust, "general-hospital"), decodeSlipProof(record));

/** An intent for these items, and the request under it. */
export async function intended(gid: string, items: AskedOpening["items"]): Promise<AskedOpening> {
  const digests = items.map(({ record }) => digestOf(record));
  const salt = randomBytes(32);
  return { gid, intent: await intend(reader, gid, digests, salt), salt, digests, items };
}

export const slipProofOf = async (id: string): Promise<Uint8Array> => {
  const { chain } = careChainOf(people.trust, "general-hospital");
  return encodeSlipProof((await proveSlip(reader, chain, id)).proof);
};

export const digestShown = (
  item: Pick<AskedOpening["items"][number], "header" | "capsules" | "bodyHash">,
): Uint8Array =>
  recordDigest({
    headerHash: sha256(item.header),
    capsulesHash: sha256(item.capsules),
    bodyHash: item.bodyHash,
  });
