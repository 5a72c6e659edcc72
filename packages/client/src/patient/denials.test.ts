/** Denials: a proxy that invents one is shown only as having said so. */
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import type { LogEntry, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { sign, signRaw } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes, toHex, utf8 } from "@anamnesis/crypto/verify";
import {
  askedPaths,
  consortiumOf,
  evidenceOf,
  limits,
  makeSlip,
  parseGid,
  readRequestSignature,
  signRequest,
} from "@anamnesis/protocol";
import type { SignedRequest, UsageView } from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { usageOf } from "../grantOnChain.ts";
import { denialEntries } from "./denials.ts";
import { grantKey } from "./grants.ts";
import { Look } from "./look.ts";

const covered = { titles: {} };

describe("denialEntries()", () => {
  let federation: ClientFederation;
  let alice: Session;
  let chen: Session;
  let mallory: Session;
  let gid = "";
  let otherGid = "";

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    const author = await federation.join("doctor", "Dr Li");
    chen = await federation.join("doctor", "Dr Chen", "city-hospital");
    mallory = await federation.join("doctor", "Dr Mallory", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    await doctor.importFile(author, { content: utf8("a note"), fileName: "a.txt", for: "alice" });
    otherGid = (await patient.grant(alice, { to: "Dr Chen" })).id;
  });
  beforeEach(async () => {
    gid = (await patient.grant(alice, { to: "Dr Chen" })).id;
  });

  const fingerprintOf = async (who: Session): Promise<string> =>
    (await who.device.certificate()).fingerprint;

  /** What a reader sends to a proxy, as the proxy keeps it. */
  async function requestBy(
    who: Session,
    to: {
      readonly proxy?: number;
      readonly gid?: string;
      readonly ageMs?: number;
      readonly method?: string;
      readonly named?: Session;
    } = {},
  ): Promise<SignedRequest> {
    const { signing } = await who.device.keys();
    const line = {
      method: to.method ?? "POST",
      authority: `proxy-${to.proxy ?? 2}.example`,
      path: askedPaths(parseGid(to.gid ?? gid))[0]!,
    };
    const headers = signRequest(
      { ...line, body: new Uint8Array(0) },
      await fingerprintOf(to.named ?? who),
      (message) => signRaw({ message, secretKey: signing.secretKey }),
      federation.clock() - (to.ageMs ?? 0),
      randomBytes(16),
    );
    return readRequestSignature(line, headers).signed;
  }

  /** Proxy 2 posts a denial of Dr Chen, and shows `kept` for it. @returns its entry in alice's log. */
  async function denied(
    evidence: Uint8Array,
    kept: SignedRequest | undefined,
  ): Promise<Extract<LogEntry, { what: "denied" }>> {
    const { chain, writer } = consortiumOf(federation.trust);
    federation.skewMs += 60_000;
    const time = federation.clock();
    const cert = fromHex(await fingerprintOf(chen));
    const made = makeSlip(
      "usage.denied",
      { chain, time, notAfter: time + limits.clientNotAfterMs },
      { proxy: 2, gid: fromHex(gid), cert, code: "TAG_NOT_GRANTED", evidence },
      (type, message) => sign({ type, message, secretKey: keyOf("proxy 2").secretKey }),
    );
    if (kept !== undefined) federation.proxies.turnedAway.set(`2 ${toHex(evidence)}`, kept);
    federation.chains.commit(chain, made, writer);
    const [entry] = await entries();
    assert.ok(entry !== undefined && entry.who.name === "Dr Chen" && entry.proxy === 2);
    return entry;
  }
  /** What the log says of this test's grant, newest first. */
  async function entries(change: (view: UsageView) => UsageView = (view) => view) {
    const item = (await alice.device.items.get("grantGiven", gid))!;
    const usage = await usageOf(alice, gid, grantKey(alice, item));
    const told = await denialEntries(new Look(alice), {
      item,
      usage: usage.map(change),
      covered,
    });
    return told
      .flatMap((entry) => (entry.what === "denied" ? [entry] : []))
      .toSorted((a, b) => b.time - a.time);
  }

  test("is checked once the reader's request is seen, and stays so when the proxy forgets it", async () => {
    const request = await requestBy(chen);
    const evidence = evidenceOf(request);
    assert.equal((await denied(evidence, request)).checked, true);
    federation.proxies.turnedAway.clear();
    assert.equal((await entries())[0]?.checked, true);
  });

  test("is what the proxy says where it shows nothing, and while it is away", async () => {
    assert.equal((await denied(randomBytes(32), undefined)).checked, false);
    const request = await requestBy(chen);
    federation.proxies.away.add(2);
    try {
      assert.equal((await denied(evidenceOf(request), request)).checked, false);
    } finally {
      federation.proxies.away.clear();
    }
    assert.equal((await entries())[0]?.checked, true, "it is looked at again");
  });

  test("is what the proxy says where the request is another's, of another grant, proxy or time, or not the one hashed", async (t) => {
    const own = (change: (request: SignedRequest) => Partial<SignedRequest>) => async () => {
      const request = await requestBy(chen);
      return { ...request, ...change(request) };
    };
    const flipped = ({ contentDigest }: SignedRequest) => ({
      contentDigest: contentDigest.replace(/.{3}=:$/, "AAA=:"),
    });
    const rows: readonly [string, () => Promise<SignedRequest>, boolean?][] = [
      ["none of these", own(() => ({})), true],
      ["another reader's", () => requestBy(mallory)],
      ["signed in another's name", () => requestBy(chen, { named: mallory })],
      ["for another grant", () => requestBy(chen, { gid: otherGid })],
      ["to another proxy", () => requestBy(chen, { proxy: 1 })],
      ["an old one", () => requestBy(chen, { ageMs: 10 * 60_000 })],
      ["one whose signature does not hold", own(flipped)],
      ["no request at all", own(() => ({ input: "sig1=nothing" }))],
      ["another method's", () => requestBy(chen, { method: "GET" })],
    ];
    for (const [what, make, checked = false] of rows)
      await t.test(what, async () => {
        const request = await make();
        assert.equal((await denied(evidenceOf(request), request)).checked, checked);
      });
    await t.test("not the one hashed", async () => {
      const [hashed, kept] = [await requestBy(chen), await requestBy(chen)];
      assert.equal((await denied(evidenceOf(hashed), kept)).checked, false);
    });
  });

  test("one request is evidence of one denial", async () => {
    const request = await requestBy(chen, { ageMs: -60_000 });
    const evidence = evidenceOf(request);
    assert.equal((await denied(evidence, request)).checked, true);
    assert.equal((await denied(evidence, request)).checked, false);
  });

  test("a denial that no chain holds is not shown: a node puts no words into a proxy's mouth", async () => {
    await denied(randomBytes(32), undefined);
    assert.equal((await entries()).length, 1);
    assert.deepEqual(await entries((view) => ({ ...view, slip: "0".repeat(64) }) as UsageView), []);
  });

  test("a slip of another kind is no denial, and says nothing of the reader", async () => {
    await denied(randomBytes(32), undefined);
    const { id } = federation.chains.posted.findLast(({ kind }) => kind === "grant.publish")!;
    assert.deepEqual(await entries((view) => ({ ...view, slip: id })), []);
  });

  test("while too few members answer, a node's word is shown as unchecked", async () => {
    const request = await requestBy(chen);
    await denied(evidenceOf(request), undefined);
    federation.proxies.turnedAway.set(`2 ${toHex(evidenceOf(request))}`, request);
    const item = (await alice.device.items.get("grantGiven", gid))!;
    const usage = await usageOf(alice, gid, grantKey(alice, item));
    const { members } = consortiumOf(federation.trust);
    for (const { id } of members.slice(1)) federation.chains.away.add(id);
    try {
      // Who denied is known from before; what is proven needs two members.
      const opened = { ...usage[0]!, kind: "usage.intent" } as unknown as UsageView;
      const [entry, ...others] = await denialEntries(new Look(alice), {
        item,
        usage: [...usage, opened],
        covered,
      });
      assert.deepEqual(others, [], "an opening is no denial");
      assert.deepEqual(entry?.what === "denied" && [entry.proxy, entry.checked], [2, false]);
    } finally {
      federation.chains.away.clear();
    }
  });

  test("what a node adds to a denial does not count beside its slip", async () => {
    await denied(randomBytes(32), undefined);
    const [entry] = await entries(
      (view) => ({ ...view, proxy: 3, code: "NOT_CONFIRMED" }) as UsageView,
    );
    assert.deepEqual([entry?.proxy, entry?.code], [2, "TAG_NOT_GRANTED"]);
  });

  test("a denial of one grant is no evidence about another", async () => {
    const request = await requestBy(chen);
    const evidence = evidenceOf(request);
    await denied(evidence, undefined);
    federation.proxies.turnedAway.set(`2 ${toHex(evidence)}`, request);
    const usage = await usageOf(
      alice,
      gid,
      grantKey(alice, (await alice.device.items.get("grantGiven", gid))!),
    );
    const other = (await alice.device.items.get("grantGiven", otherGid))!;
    const [entry] = await denialEntries(new Look(alice), { item: other, usage, covered });
    assert.equal(entry?.what === "denied" && entry.checked, false);
    assert.equal((await entries())[0]?.checked, true);
  });

  test("a defect is told as itself, not as a proxy's word", async (t) => {
    const request = await requestBy(chen);
    await denied(evidenceOf(request), undefined);
    t.mock.method(federation.proxies.turnedAway, "get", () => {
      throw new TypeError("broken");
    });
    await assert.rejects(entries(), TypeError);
    federation.chains.lies.set("slipProof", () => {
      throw new TypeError("broken");
    });
    t.after(() => federation.chains.lies.clear());
    await assert.rejects(entries(), TypeError);
  });
});
