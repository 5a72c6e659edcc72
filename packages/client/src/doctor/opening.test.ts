/** What an opening asks of others, counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { opened } from "@anamnesis/testing/client/opened";

test("asks each chain, grant and visit once: 15 requests a record, and of its siblings what is their own", async () => {
  const federation = await ClientFederation.make();
  const alice = await federation.join("patient", "alice");
  const author = await federation.join("doctor", "Dr Li");
  const reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
  await doctor.receive(author);
  const content = new TextEncoder().encode("a letter of several words");
  const write = async (fileName: string): Promise<string> => {
    const [written] = await doctor.importFile(author, { content, fileName, for: "alice" });
    return written!.id;
  };
  const record = await write("a.txt");
  await patient.grant(alice, { to: "Dr Chen", until: federation.clock() + 24 * 3_600_000 });
  await doctor.receive(reader);
  const { session, asked } = countingRequests(federation.session(reader.device));
  await collect(await doctor.openGranted(session, record)); // learns the author's certificate, opens the grant
  const counted = async (names: readonly string[]): Promise<Record<string, number>> => {
    asked.length = 0;
    for await (const record of opened(doctor.openMany(session, names))) await collect(record);
    const counts: Record<string, number> = {};
    for (const name of asked) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  };
  const once = {
    slipProof: 2,
    stateProof: 1,
    head: 1,
    records: 1,
    session: 1,
    ticket: 1,
    get: 1,
    submit: 2,
    reencrypt: 3,
  };
  const { headAt, ...others } = await counted([record]);
  assert.deepEqual(others, once);
  assertHeads(headAt);
  const of = { slipProof: 3, ticket: 2, get: 2 };
  const { headAt: headsOfTwo, ...othersOfTwo } = await counted([record, await write("b.txt")]);
  assert.deepEqual(othersOfTwo, { ...once, ...of });
  assertHeads(headsOfTwo);
});

/** Two prove; a member that did not carry this device's last slip is first waited for, by its head. */
const assertHeads = (count = 0): void => assert.ok(count >= 2 && count <= 5, `${count} heads`);

/** The session, and the names of all calls that it makes of other parties. */
function countingRequests(session: Session): { session: Session; asked: string[] } {
  const asked: string[] = [];
  const counting = <T extends object>(api: T): T =>
    new Proxy(api, {
      get: (target, name) => {
        // What a vault is known by is no request.
        if (name !== "isSilent") asked.push(String(name));
        return Reflect.get(target, name);
      },
    });
  const { network } = session;
  const counted: Session["network"] = {
    node: (id) => counting(network.node(id)),
    mailbox: (id) => counting(network.mailbox(id)),
    vault: (id) => counting(network.vault(id)),
    proxy: (index) => counting(network.proxy(index)),
    registry: () => counting(network.registry()),
  };
  return { session: { ...session, network: counted }, asked };
}
