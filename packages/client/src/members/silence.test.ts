/** Who is silent is found out once, whichever of an institution's parts it was that did not answer. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { collect } from "@anamnesis/client";
import type { Network, ProxyApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError, proxyInstitution } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { proxyWaitMs, SILENT_MS } from "./ask.ts";
import { standingOf } from "./standing.ts";

let federation: ClientFederation;
let alice: Session;
let reader: Session;
let record = "";

before(async () => {
  federation = await ClientFederation.make();
  alice = await federation.join("patient", "alice");
  const author = await federation.join("doctor", "Dr Li");
  reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
  await doctor.receive(author);
  const content = new TextEncoder().encode("a letter of several words");
  const [written] = await doctor.importFile(author, { content, fileName: "a.txt", for: "alice" });
  record = written!.id;
  await patient.grant(alice, terms());
  await doctor.receive(reader);
});

const terms = () => ({ to: "Dr Chen", until: federation.clock() + 24 * 3_600_000 });

/** A network of its own, in which a proxy takes every call and answers none. */
function withSilent(session: Session, silent: number): Session {
  const { network } = session;
  const until = (signal?: AbortSignal) => (): Promise<never> =>
    new Promise((_, reject) => {
      const gone = (): void => reject(new AnamnesisError("UNAVAILABLE", "It does not answer"));
      signal?.addEventListener("abort", gone);
    });
  const proxy: Network["proxy"] = (index, signal) => {
    const asked: ProxyApi = network.proxy(index);
    if (index !== silent) return asked;
    return { ...asked, reencrypt: until(signal), keepShares: until(signal) };
  };
  const own: Network = {
    node: (id) => network.node(id),
    mailbox: (id) => network.mailbox(id),
    vault: (id) => network.vault(id),
    proxy,
    registry: () => network.registry(),
  };
  return { ...session, network: own };
}

test("a proxy that was silent at an opening puts its institution last, and is waited for no longer", async () => {
  // Where chance gives the same for all, proxies are asked in the order of their indices.
  const session = withSilent({ ...reader, random: (bytes) => new Uint8Array(bytes) }, 1);
  const since = performance.now();
  await collect(await doctor.openGranted(session, record));
  assert.ok(performance.now() - since >= SILENT_MS);
  assert.ok(standingOf(session).isLeftOut(proxyInstitution(session.trust, 1)));
  assert.ok(proxyWaitMs(session, 1) < SILENT_MS);
});

test("an institution that was silent at one grant is waited for no longer at the next", async (t) => {
  const index = 2;
  const institution = proxyInstitution(alice.trust, index);
  federation.chains.away.add(institution);
  t.after(() => federation.chains.away.delete(institution));
  const session = withSilent(alice, index);
  await patient.grant(session, terms());
  assert.ok(standingOf(session).isLeftOut(institution));
  const since = performance.now();
  assert.equal((await patient.grant(session, terms())).status, "live");
  assert.ok(performance.now() - since < SILENT_MS);
});
