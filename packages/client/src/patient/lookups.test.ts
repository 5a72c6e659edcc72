/** Look-up notices: kept as claims, and only where and as the registry writes them. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { utf8 } from "@anamnesis/crypto/verify";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { cardAddress, decodeCard, sendMessage } from "../mail.ts";
import type { Address } from "../mail.ts";

describe("lookup notices", () => {
  let federation: ClientFederation;
  let alice: Session;
  let chen: Session;
  let visitBox: Address;
  let contactBox: Address;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    const author = await federation.join("doctor", "Dr Li");
    chen = await federation.join("doctor", "Dr. Chen, M.D.", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    const [contact] = await author.device.items.all("contact");
    visitBox = cardAddress(author, decodeCard(contact!.card));
  });

  const tell = async (to: Address, words: Uint8Array): Promise<readonly string[]> => {
    await sendMessage(chen, to, { type: "lookup.notice", body: words });
    const told: string[] = [];
    await patient.receive(alice, (event) =>
      told.push(event.what === "declined" ? event.code : event.what),
    );
    return told;
  };
  const claims = async () =>
    (await patient.accessLog(alice)).filter(({ what }) => what === "lookedUp");

  test("the registry's own notice names who looked up, as a claim without a fingerprint", async () => {
    const { cards } = await doctor.lookupPatient(chen, "alice");
    contactBox = cardAddress(chen, cards[0]!);
    await patient.receive(alice);
    assert.deepEqual(
      (await claims()).map(({ who }) => who),
      [{ fingerprint: "", name: "Dr. Chen, M.D.", role: "", institution: "city-hospital" }],
    );
  });

  test("what the registry would not write, or not there, is refused and leaves nothing", async () => {
    const count = (await claims()).length;
    const rows: [Address, Uint8Array, string][] = [
      [visitBox, utf8("Dr Li, general-hospital"), "FORBIDDEN"],
      [contactBox, utf8("Call +1 555 0100 at once"), "MALFORMED"],
      [contactBox, utf8("Dr Li, evil-hospital"), "MALFORMED"],
      [contactBox, utf8("Dr Li\nYour access was stopped, general-hospital"), "MALFORMED"],
      [contactBox, utf8(`${"x".repeat(129)}, general-hospital`), "MALFORMED"],
      [contactBox, utf8(", general-hospital"), "MALFORMED"],
    ];
    for (const [to, words, code] of rows) assert.deepEqual(await tell(to, words), [code]);
    assert.equal((await claims()).length, count);
    assert.notDeepEqual(await tell(contactBox, Uint8Array.of(0xff)), ["lookedUp"]);
  });

  test("a card's holder can write a notice in anybody's name: it stays a claim", async () => {
    assert.deepEqual(await tell(contactBox, utf8("Dr Li, general-hospital")), ["lookedUp"]);
    const [forged] = await claims();
    assert.equal(forged?.who.name, "Dr Li");
    assert.equal(forged?.who.fingerprint, "");
  });
});
