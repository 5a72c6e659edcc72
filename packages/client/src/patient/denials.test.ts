/** Denials: a proxy that invents one is shown only as having said so. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
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
import type { SignedRequest } from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { ClientFederation } from "@anamnesis/testing/client/federation";

describe("accessLog() of what proxies denied", () => {
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
    gid = (await patient.grant(alice, { to: "Dr Chen" })).id;
    otherGid = (await patient.grant(alice, { to: "Dr Chen" })).id;
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
  const entries = async () =>
    (await patient.accessLog(alice)).flatMap((entry) => (entry.what === "denied" ? [entry] : []));

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
    const before = (await entries()).length;
    federation.chains.lies.set("grantUsage", (answer) => {
      const view = answer as { usage: readonly { kind: string }[] };
      const invented = view.usage.filter(({ kind }) => kind === "usage.denied");
      return {
        ...view,
        usage: [...view.usage, ...invented.map((each) => ({ ...each, slip: "0".repeat(64) }))],
      };
    });
    try {
      assert.equal((await entries()).length, before);
    } finally {
      federation.chains.lies.clear();
    }
  });
});
