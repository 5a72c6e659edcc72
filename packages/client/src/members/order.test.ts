import assert from "node:assert/strict";
import { before, test } from "node:test";
import { randomBytes } from "@anamnesis/crypto/verify";
import { careChainOf, consortiumOf } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import type { NodeApi, Session } from "@anamnesis/client";
import { askMembers } from "./ask.ts";
import { membersInOrder } from "./order.ts";
import { standingOf } from "./standing.ts";

let federation: ClientFederation;
before(async () => {
  federation = await ClientFederation.make();
});

/** A device that knows nothing of anybody yet. */
const parties = (): Pick<Session, "network" | "trust" | "random"> => ({
  trust: federation.trust,
  random: randomBytes,
  network: Object.assign(Object.create(federation) as ClientFederation, {
    node: (institution: string): NodeApi => federation.node(institution),
  }),
});

test("H-66: every member of the consortium is asked first at some time, and last who was silent", () => {
  const session = parties();
  const { chain, members } = consortiumOf(federation.trust);
  const firsts = () =>
    new Set(Array.from({ length: 300 }, () => membersInOrder(session, chain)[0]));
  assert.equal(firsts().size, members.length);
  standingOf(session).silent("city-hospital");
  assert.ok(!firsts().has("city-hospital"));
  assert.equal(membersInOrder(session, chain).at(-1), "city-hospital");
  standingOf(session).answered("city-hospital");
  assert.ok(firsts().has("city-hospital"));
});

test("H-67: what names visits goes to their own institution, and to no authority for two institutions", async () => {
  const session = parties();
  const care = ["general-hospital", "city-hospital"].map(
    (institution) => careChainOf(federation.trust, institution).chain,
  );
  const asked: string[][] = [];
  for (const away of [[], ["general-hospital", "city-hospital"]]) {
    for (const id of away) federation.chains.away.add(id);
    for (const chain of care) {
      const of: string[] = [];
      await askMembers(session, chain, (node, member) => {
        of.push(member);
        return node.records(chain, { pid: "0".repeat(64) });
      });
      asked.push(of);
    }
  }
  federation.chains.away.clear();
  const [general, city, generalAway, cityAway] = asked;
  assert.deepEqual([general, city], [["general-hospital"], ["city-hospital"]]);
  const authorities = [generalAway, cityAway].map((of) =>
    of!.filter((id) => id.endsWith("authority")),
  );
  assert.deepEqual(
    authorities.map(({ length }) => length),
    [1, 1],
  );
  assert.notDeepEqual(authorities[0], authorities[1]);
});
