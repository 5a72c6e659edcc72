/** Members that lie to a patient's device: they swallow slips, show an old state, or sign heads that are none. */
import assert from "node:assert/strict";
import { afterEach, before, describe, test } from "node:test";
import { collect } from "@anamnesis/client";
import type { Network, NodeApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { randomBytes, sha256 } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  consortiumOf,
  decodeSlip,
  makeHead,
  parseChainId,
  parseInstitutionId,
} from "@anamnesis/protocol";
import type { Head, SlipKind, StateProof } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { keyOf, signer } from "@anamnesis/testing/keys";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe("a member that lies", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let reader: Session;
  let members: readonly string[];

  before(async () => {
    federation = await ClientFederation.make();
    members = consortiumOf(federation.trust).members.map(({ id }) => id);
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    reader = await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    await write();
  });
  afterEach(() => federation.proxies.away.clear());

  let letters = 0;
  const write = async (): Promise<string> => {
    letters += 1;
    const named = { fileName: "a.txt", for: "alice" };
    const [written] = await doctor.importFile(author, {
      content: text(`letter ${letters}`),
      ...named,
    });
    return written!.id;
  };
  const grant = (who: Session = alice) =>
    patient.grant(who, { to: "Dr Chen@city-hospital", until: federation.clock() + 3_600_000 });
  const statusOf = async (gid: string): Promise<string | undefined> =>
    (await patient.listGrants(alice)).find(({ id }) => id === gid)?.status;

  /** Somebody over nodes of which some answer otherwise. */
  const among = (
    lie: (node: NodeApi, institution: string) => Partial<NodeApi>,
    who: Session = alice,
  ): Session => {
    const network: Network = {
      node: (institution) => {
        const node = federation.node(institution);
        return new Proxy(node, {
          get: (target, name: keyof NodeApi) => lie(node, institution)[name] ?? target[name],
        });
      },
      mailbox: (institution) => federation.mailbox(institution),
      vault: (id) => federation.vault(id),
      proxy: (index) => federation.proxy(index),
      registry: () => federation.registry(),
    };
    return { ...federation.session(who.device), network };
  };

  /** Randomness under which a member is asked before all others. */
  const askedFirst =
    (member: string): Session["random"] =>
    (count) => {
      const weights = 2 * members.length;
      const first = 2 * members.indexOf(member);
      if (count !== weights) return randomBytes(count);
      return Uint8Array.from({ length: weights }, (_, i) => (i === first ? 0 : 255));
    };

  /** Alice over nodes of which `isLiar` take slips of a kind, answer OK, and do nothing. */
  const swallowing = (kind: SlipKind, isLiar: (institution: string) => boolean): Session =>
    among((node, institution) => {
      const isOne = (slip: Uint8Array): boolean =>
        decodeSlip(slip).kind === kind && isLiar(institution);
      return {
        submit: async (chain, slip, caller) =>
          isOne(slip)
            ? { id: decodeSlip(slip).id, height: federation.chains.chain(chain).height }
            : node.submit(chain, slip, caller),
        submitBatch: async (chain, slips) =>
          isOne(slips[0]!)
            ? slips.map((slip) => ({ id: decodeSlip(slip).id, code: "OK", height: 1 }))
            : node.submitBatch(chain, slips),
      };
    });
  /** Whoever is asked first. */
  const first = (): ((institution: string) => boolean) => {
    let liar: string | undefined;
    return (institution) => institution === (liar ??= institution);
  };
  const everybody = (): boolean => true;

  test("and swallows a revocation is found out: another carries it", async () => {
    const { id } = await grant();
    const revoked = await patient.revoke(swallowing("grant.revoke", first()), id);
    assert.equal(revoked.status, "revoked");
    assert.equal(await statusOf(id), "revoked");
  });

  test("D14: 'revoked' is never said on a member's word while the reader still opens", async () => {
    const record = await write();
    const { id } = await grant();
    await doctor.receive(reader);
    for (const index of [1, 2, 3, 4]) federation.proxies.away.add(index);
    const revoking = await patient.revoke(swallowing("grant.revoke", everybody), id);
    assert.deepEqual([revoking.status, revoking.revokedAt], ["revoking", undefined]);
    assert.equal(await statusOf(id), "revoking");
    federation.proxies.away.clear();
    const opened = await doctor.openGranted(federation.session(reader.device), record);
    assert.deepEqual(
      (await collect(opened)).content,
      text(`letter ${letters}`),
      "so it is not revoked",
    );
    await patient.receive(alice);
    assert.equal(await statusOf(id), "revoked", "sent again by others");
  });

  test("and takes a revocation without a word: it is stopped, and asked again it is revoked, not refused", async (t) => {
    const { id } = await grant();
    const speechless = among((node) => ({
      submit: async (chain, slip, caller) => {
        await node.submit(chain, slip, caller).catch(() => undefined);
        throw new AnamnesisError("WRITER_AWAY", "The writer does not answer");
      },
    }));
    assert.equal((await patient.revoke(speechless, id)).status, "stopped");
    federation.skewMs = 1_000; // other bytes than before
    t.after(() => (federation.skewMs = 0));
    assert.equal((await patient.revoke(alice, id)).status, "revoked");
    await assert.rejects(patient.revoke(alice, id), { code: "GRANT_REVOKED" });
  });

  test("and swallows a grant is found out; where all do, it is said to be sent", async () => {
    assert.equal((await grant(swallowing("grant.publish", first()))).status, "live");
    const sent = await grant(swallowing("grant.publish", everybody));
    assert.equal(sent.status, "granting");
    assert.equal(await statusOf(sent.id), "granting");
    await patient.receive(alice);
    assert.equal(await statusOf(sent.id), "live");
  });

  test("and swallows confirmations is found out; where all do, they are said to be sent", async () => {
    const record = await write();
    const confirm = (who: Session) => patient.confirm(who, { ids: [record] });
    const stateOf = async () =>
      (await patient.listRecords(alice)).find(({ id }) => id === record)?.state;
    const lost = await confirm(swallowing("record.confirm", everybody));
    assert.deepEqual([lost.confirmed, lost.sent, lost.failed], [[], [record], []]);
    assert.equal(await stateOf(), "unconfirmed");
    const { confirmed } = await confirm(swallowing("record.confirm", first()));
    assert.deepEqual(confirmed, [record]);
    assert.equal(await stateOf(), "confirmed");
  });

  test("and lists a record as confirmed is not believed", async () => {
    const record = await write();
    const listed = await patient.listRecords(
      among((node) => ({
        records: async (chain, by) =>
          (await node.records(chain, by)).map((view) => ({
            ...view,
            confirmed: view.versions.map(({ digest, slip }) => ({ digest, slip })),
          })),
      })),
    );
    assert.equal(listed.find(({ id }) => id === record)?.state, "unconfirmed");
  });

  test("and shows the state from before a revocation is not believed, whatever heads it signs", async (t) => {
    const { id } = await grant();
    await doctor.receive(reader);
    const chain = consortiumOf(federation.trust).chain;
    const liar = "city-hospital";
    const old = await federation.node(liar).stateProof(chain, "grants", id);
    const [{ appHash }] = old.heads as [Head];
    await patient.revoke(alice, id);
    // A state of the last 10 s counts as new: what honest members signed then is no lie yet.
    federation.skewMs = 11_000;
    t.after(() => (federation.skewMs = 0));
    const now = federation.clock();
    const by = (key: string, changes: Partial<Head> = {}): Head =>
      makeHead(
        {
          chain: parseChainId(chain),
          height: old.height,
          appHash,
          time: now,
          institution: parseInstitutionId(liar),
          ...changes,
        },
        signer(keyOf(key)),
      );
    const national = parseInstitutionId("national-authority");
    const rows: Readonly<Record<string, Head>> = {
      forged: { ...by(liar), institution: national },
      relabelled: by(liar, { institution: national }),
      foreign: by("mallory", { institution: national }),
      future: by(liar, { time: now + 3_600_000 }),
      "of another chain": by(liar, { chain: parseChainId("one-general-hospital") }),
      "of another state": by(liar, { appHash: sha256(text("another")) }),
    };
    for (const [name, head] of Object.entries(rows))
      await t.test(name, async () => {
        const lied: StateProof = { ...old, heads: [by(liar), head, head] };
        const lies = {
          stateProof: async () => lied,
          head: async () => head,
          headAt: async () => head,
        };
        // The reader's device did not revoke: it knows nothing but what it is shown.
        const view = among((_node, institution) => (institution === liar ? lies : {}), reader);
        const listed = await doctor.listGrants({ ...view, random: askedFirst(liar) });
        assert.equal(listed.find((held) => held.id === id)?.status, "revoked");
      });
  });

  test("and signs another state than the others is named", async () => {
    const { id } = await grant();
    const forked = "general-hospital";
    federation.chains.forked.add(forked);
    for (const member of members)
      if (member !== forked && member !== "city-hospital") federation.chains.away.add(member);
    try {
      await assert.rejects(patient.revoke(alice, id), {
        code: "PROOF_INVALID",
        message: /general-hospital/,
      });
    } finally {
      federation.chains.forked.clear();
      federation.chains.away.clear();
    }
    assert.equal(await statusOf(id), "revoked", "the chain has it all the same");
  });

  test("a writer that keeps its blocks from the others proves nothing alone", async () => {
    await grant();
    const notYet = async (): Promise<never> => {
      throw new AnamnesisError("NOT_YET", "That height is not here yet");
    };
    const others = { head: notYet, headAt: notYet, stateProof: notYet };
    const withheld = among((_node, member) => (member === "national-authority" ? {} : others));
    await assert.rejects(patient.listGrants(withheld), {
      code: "UNAVAILABLE",
      message: /^No member of one-consortium answers: .*national-authority/,
    });
  });
});
