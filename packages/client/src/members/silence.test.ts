/** Who is silent is found out once, whichever of an institution's parts it was that did not answer. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { collect } from "@anamnesis/client";
import { pause } from "@anamnesis/http";
import type { Network, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError, consortiumOf, proxyInstitution } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { isProxyLeftOut } from "./ask.ts";
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

/** Longer than anything takes here where nobody is silent. */
const AT_ONCE_MS = 1_000;
/** With an institution frozen each workflow takes at most 1.5 times as long, and so much more (docs/operating/faults.md). */
const LONGER_MS = 2_000;

interface Silent {
  readonly node?: string;
  readonly proxy?: number;
}

/** A network of its own, which remembers nothing, and in which a node or a proxy takes every call and answers none. */
function withSilent(session: Session, silent: Silent): Session {
  const { network } = session;
  const frozen = <Api extends object>(api: Api, signal?: AbortSignal): Api =>
    new Proxy(api, {
      get: () => (): Promise<never> =>
        new Promise((_, reject) => {
          const gone = (): void => reject(new AnamnesisError("UNAVAILABLE", "It does not answer"));
          if (signal?.aborted === true) gone();
          signal?.addEventListener("abort", gone);
        }),
    });
  const own: Network = {
    node: (id, signal) =>
      id === silent.node ? frozen(network.node(id), signal) : network.node(id),
    mailbox: (id, signal) =>
      id === silent.node ? frozen(network.mailbox(id), signal) : network.mailbox(id),
    vault: (id) => network.vault(id),
    proxy: (index, signal) =>
      index === silent.proxy ? frozen(network.proxy(index), signal) : network.proxy(index),
    registry: () => network.registry(),
  };
  return { ...session, network: own };
}

async function timed<T>(work: Promise<T>): Promise<{ readonly got: T; readonly ms: number }> {
  const since = performance.now();
  const got = await work;
  return { got, ms: performance.now() - since };
}

/** Randomness that gives the same for all: whoever stands first in a list is asked first. */
const inOrder: Session["random"] = (bytes) => new Uint8Array(bytes);

test("H-69: a proxy that was silent at an opening is asked last, and its institution's node", async () => {
  const session = withSilent({ ...reader, random: inOrder }, { proxy: 1 });
  const institution = proxyInstitution(session.trust, 1);
  const { ms } = await timed(collect(await doctor.openGranted(session, record)));
  assert.ok(ms < LONGER_MS);
  assert.ok(isProxyLeftOut(session, 1));
  standingOf(session).answered(institution);
  assert.ok(isProxyLeftOut(session, 1), "an answer of the node is none of the proxy");
  standingOf(session).answered(institution, "proxy");
  assert.ok(!isProxyLeftOut(session, 1));
});

test("H-69: who is silent beside a part that answers is waited for once, not at each grant", async () => {
  const session = withSilent(alice, { proxy: 2 });
  await patient.grant(session, terms());
  const { got, ms } = await timed(patient.grant(session, terms()));
  assert.equal(got.status, "live");
  assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
});

test("H-66: with an institution silent, list and log wait for it once", async () => {
  const index = 2;
  const node = proxyInstitution(alice.trust, index);
  for (const silent of [{ node, proxy: index }, { node: "general-hospital" }]) {
    const session = withSilent(alice, silent);
    const { ms } = await timed(patient.accessLog(session));
    assert.ok(ms < LONGER_MS, `log: ${ms} ms`);
    const listed = await timed(patient.listRecords(session));
    assert.equal(listed.got.length, 1);
    assert.ok(listed.ms < AT_ONCE_MS, `list after it: ${listed.ms} ms`);
  }
});

/** How long a member takes to find out that a writer is away (H-65). */
const MEMBER_FINDS_MS = 1_000;

test("H-65: that the writer is away is told within 2 s, whoever is asked first", async () => {
  const { writer, members } = consortiumOf(alice.trust);
  const { id: gid } = await patient.grant(alice, terms());
  for (const first of [writer, members.find(({ id }) => id !== writer)!.id]) {
    const { network, ...frozen } = withSilent(alice, { node: writer });
    const asked: Network = {
      ...network,
      node: (id, signal) => {
        const node = network.node(id, signal);
        if (id === writer) return node;
        const submit = async (): Promise<never> => {
          await pause(MEMBER_FINDS_MS, signal);
          throw new AnamnesisError("WRITER_AWAY", "It does not answer");
        };
        return new Proxy(node, {
          get: (target, name: keyof typeof node) => (name === "submit" ? submit : target[name]),
        });
      },
    };
    const isFirst = members.findIndex(({ id }) => id === first);
    const random: Session["random"] = (count) =>
      Uint8Array.from({ length: count }, (_, i) => (i >> 1 === isFirst ? 0 : 9));
    const { got, ms } = await timed(patient.revoke({ ...frozen, network: asked, random }, gid));
    assert.equal(got.status, "stopped", "the proxies erased");
    assert.ok(ms < LONGER_MS, `${first} first: ${ms} ms`);
  }
});
