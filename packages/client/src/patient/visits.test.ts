/** Opening a visit: at whose institution, and with whom. */
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { consortiumOf } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";

describe("openVisit()", () => {
  let federation: ClientFederation;
  let alice: Session;
  let li: Session;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    li = await federation.join("doctor", "Dr Li", "city-hospital");
    await federation.join("doctor", "Dr Wu", "city-hospital");
    await federation.join("doctor", "Dr Wu", "general-hospital");
    await federation.join("registrar", "Mx Ross", "city-hospital");
  });

  beforeEach(() => federation.chains.away.clear());

  test("by a doctor's name alone opens at the doctor's institution, whichever member answers", async () => {
    federation.chains.away.add(consortiumOf(federation.trust).writer);
    const opened = await patient.openVisit(alice, { doctor: "Dr Li" });
    assert.equal(opened.institution, "city-hospital");
    assert.equal(opened.doctor?.name, "Dr Li");
    assert.deepEqual(
      (await doctor.receive(li)).map(({ what }) => what),
      ["token"],
    );
  });

  test("wants one of several doctors of a name by their institution", async () => {
    await assert.rejects(patient.openVisit(alice, { doctor: "Dr Wu" }), {
      code: "AMBIGUOUS_NAME",
      message: /Dr Wu@city-hospital/,
    });
    const opened = await patient.openVisit(alice, { doctor: "Dr Wu@general-hospital" });
    assert.equal(opened.institution, "general-hospital");
  });

  for (const { when, input, want } of [
    { when: "nobody has the name", input: { doctor: "Dr Nobody" }, want: "NOT_FOUND" },
    { when: "whom it names is a registrar", input: { doctor: "Mx Ross" }, want: "BAD_REQUEST" },
    { when: "neither place nor doctor is named", input: {}, want: "BAD_REQUEST" },
  ])
    test(`gives ${want} when ${when}, and opens nothing`, async () => {
      const visits = async () => (await alice.device.items.all("visit")).length;
      const before = await visits();
      await assert.rejects(patient.openVisit(alice, input), { code: want });
      assert.equal(await visits(), before);
    });
});
