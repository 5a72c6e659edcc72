/** What one look asks once, and what the next asks anew. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { NodeApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf, limits } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { announceMany } from "@anamnesis/testing/client/uses";
import { KnownUses } from "./knownUses.ts";
import { Look } from "./look.ts";

suite("Look", () => {
  let federation: ClientFederation;
  let alice: Session;
  let gid = "";
  let chain = "";
  let intents: readonly string[] = [];

  before(async () => {
    federation = await ClientFederation.make();
    ({ chain } = consortiumOf(federation.trust));
    alice = await federation.join("patient", "alice");
    const author = await federation.join("doctor", "Dr Li");
    const reader = await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    await doctor.importFile(author, { content: utf8("a note"), fileName: "a.txt", for: "alice" });
    ({ id: gid } = await patient.grant(alice, { to: "Dr Chen" }));
    const used = { patient: alice, reader, gid };
    intents = await announceMany(federation, used, ["4f".repeat(32)], 300);
  });

  /** Alice's session, which counts what is asked of nodes. */
  function counting(): {
    readonly session: Session;
    readonly asked: (name: keyof NodeApi) => number;
    readonly membersAsked: (name: keyof NodeApi) => readonly string[];
  } {
    const calls: (readonly [string, string])[] = [];
    const node = (institution: string): NodeApi =>
      new Proxy(federation.node(institution), {
        get: (target, name: keyof NodeApi) => {
          calls.push([name, institution]);
          return target[name];
        },
      });
    const network = Object.assign(Object.create(federation) as ClientFederation, { node });
    return {
      session: { ...alice, network },
      asked: (name) => calls.filter(([call]) => call === name).length,
      membersAsked: (name) => calls.flatMap(([call, of]) => (call === name ? [of] : [])),
    };
  }

  test("slip() asks for each slip once, and for the heads of one height once", async () => {
    const { session, asked } = counting();
    const look = new Look(session);
    const ids = intents.slice(0, 20);
    for (const id of [...ids, ...ids])
      assert.equal(((await look.slip(gid, chain, id)) as { id: string }).id, id);
    assert.equal(asked("slipProof"), ids.length);
    assert.ok(asked("headAt") <= consortiumOf(federation.trust).members.length);
  });

  test("slip() takes no slip for proven that is not, and does not remember one", async (t) => {
    const { session, asked } = counting();
    t.after(() => federation.chains.lies.clear());
    const member = consortiumOf(federation.trust).members[0]!.id;
    const stolen = await federation.node(member).slipProof(chain, intents[1]!);
    federation.chains.lies.set("slipProof", () => stolen);
    const look = new Look(session);
    assert.equal(await look.slip(gid, chain, intents[0]!), "refuted");
    await (await look.known(gid)).save();
    federation.chains.lies.clear();
    const known = await KnownUses.of(alice, gid);
    assert.equal(known.get(intents[0]!), undefined);
    assert.equal(known.get(intents[1]!), undefined);
    assert.ok(asked("slipProof") > 0);
  });

  test("grantOnChain() asks for a head of one height anew once it is not new", async () => {
    const { session, membersAsked } = counting();
    let now = federation.clock();
    // Members are asked in one order, and no time passes but here.
    const random = (bytes: number): Uint8Array => new Uint8Array(bytes);
    const look = new Look({ ...session, random, clock: () => now });
    await look.grantOnChain(gid);
    const first = membersAsked("head");
    await look.grantOnChain(gid);
    assert.deepEqual(membersAsked("head"), first);
    federation.skewMs += limits.headFreshMs;
    now = federation.clock();
    assert.notEqual(await look.grantOnChain(gid), undefined);
    const later = membersAsked("head").slice(first.length);
    assert.ok(first.length > 0 && first.every((member) => later.includes(member)));
  });

  test("askProxy() asks a proxy that was silent no more in this look, and one that refuses again", async () => {
    for (const [code, times] of [
      ["UNAVAILABLE", 1],
      ["GRANT_NOT_HELD", 2],
    ] as const) {
      const look = new Look({ ...alice });
      let asked = 0;
      const ask = () =>
        look.askProxy(1, () => {
          asked += 1;
          throw new AnamnesisError(code, "No");
        });
      await assert.rejects(ask(), { code });
      await assert.rejects(ask(), { code });
      assert.equal(asked, times, code);
    }
  });

  test("KnownUses keeps more than a page, page by page, and what was served under each", async () => {
    const look = new Look(alice);
    for (const id of intents) await look.slip(gid, chain, id);
    const known = await look.known(gid);
    const slip = known.get(intents[299]!)!.slip;
    known.put({ slip, served: { purpose: "TREAT", digests: ["aa"], proxies: [1] } });
    await known.save();
    const puts: string[] = [];
    const again = await KnownUses.of(alice, gid);
    assert.deepEqual(again.get(intents[299]!)?.served, {
      purpose: "TREAT",
      digests: ["aa"],
      proxies: [1],
    });
    assert.ok(intents.every((id) => again.get(id)?.slip.id === id));
    const { items } = alice.device;
    const counted = Object.assign(Object.create(alice), {
      device: {
        items: {
          get: items.get.bind(items),
          put: async (_: string, key: string) => puts.push(key),
        },
      },
    }) as Session;
    const other = await KnownUses.of(counted, gid);
    other.put({ slip });
    await other.save();
    await other.save();
    assert.equal(puts.length, 1, "one page is written, once");
    assert.equal((await KnownUses.of(alice, "00".repeat(32))).get(intents[0]!), undefined);
  });
});
