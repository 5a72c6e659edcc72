/** Whom a reader asks for shares, and whom it believes: proxies that are silent, refuse, lag, answer wrongly or lie. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { TestContext } from "node:test";
import type { Caller, ProxyApi, Session } from "@anamnesis/client";
import { sealSymmetric, sealTo } from "@anamnesis/crypto/box";
import { proveShare, reencryptShare } from "@anamnesis/crypto/proxy";
import { CryptoError, enc, utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, answerContext, hpkeInfo, reencryptAnswer } from "@anamnesis/protocol";
import type { AskedFor, ErrorCode, ReencryptRequest } from "@anamnesis/protocol";
import {
  flipBit,
  makeGrant,
  makeParties,
  makeTarget,
  readFixture,
  sealContent,
  shareRequest,
} from "@anamnesis/testing/cryptoParties";
import type { GrantFixture } from "@anamnesis/testing/cryptoParties";
import { institutions, makeTrust } from "@anamnesis/testing/federation";
import { boxOf, bytesOf, keyOf } from "@anamnesis/testing/keys";
import { standingOf } from "../members/standing.ts";
import { openByProxies } from "./askProxies.ts";
import type { Asking } from "./askProxies.ts";

const trust = makeTrust();
const intent = bytesOf("intent");
const request = { gid: bytesOf("gid"), intent } as unknown as ReencryptRequest;
const digest = bytesOf("digest");

/** How a proxy answers: its honest bytes are at hand. */
type Answer = (honest: () => Promise<Uint8Array>, signal: AbortSignal) => Promise<Uint8Array>;
interface Behaviour {
  readonly shares?: Answer;
  readonly proofs?: Answer;
  /** Works with the share of the next proxy in place of its own. */
  readonly lies?: boolean;
}
const honest: Answer = (own) => own();
const silent: Answer = (_, signal) =>
  new Promise((_, reject) => {
    const gone = () => reject(new AnamnesisError("UNAVAILABLE", "Gone"));
    signal.addEventListener("abort", gone);
  });
const fails =
  (error: unknown): Answer =>
  () =>
    Promise.reject(error);
const refuses = (code: ErrorCode): Answer => fails(new AnamnesisError(code, `says ${code}`));

suite("openByProxies()", () => {
  let grant: GrantFixture;
  let asking: Asking;
  let box: Awaited<ReturnType<typeof boxOf>>;

  before(async () => {
    const parties = await makeParties();
    const target = makeTarget(parties, "one");
    const stored = await readFixture(await sealContent(parties, target, utf8("a letter")));
    grant = makeGrant(parties, [target]);
    box = await boxOf("a reader");
    const item = { stored, slip: { fields: { digest } } };
    const items = [item] as unknown as Asking["items"];
    asking = { grant: grant.readerGrant, items, request, intent };
  });

  /** Somebody who asks proxies in the order 1…4, of which some behave so; what they were asked is noted. */
  function among(behaviours: Readonly<Record<number, Behaviour>>) {
    const asked: number[] = [];
    const proved: number[] = [];
    const signals: AbortSignal[] = [];
    const sealed = (askedFor: AskedFor, index: number, items: Uint8Array[]) =>
      sealTo({
        publicKey: box.publicKey,
        info: hpkeInfo.answer,
        aad: answerContext(askedFor, request, index),
        plaintext: reencryptAnswer.encode({ v: 1, items }),
      });
    const proxy = (index: number, signal: AbortSignal): Pick<ProxyApi, "reencrypt" | "prove"> => {
      const { shares = honest, proofs = honest, lies = false } = behaviours[index] ?? {};
      const own = grant.shares[index - 1]!;
      const { tags } = lies ? grant.shares[index % 4]! : own;
      const lent = {
        ...own,
        tags: own.tags.map((tag, t) => ({ ...tag, share: tags[t]!.share })),
      };
      const of = () => ({
        ...shareRequest(grant, asking.items[0]!.stored as never, index - 1),
        shares: lent,
      });
      return {
        reencrypt: async (_: ReencryptRequest, { keyId }: Caller) => {
          assert.equal(keyId, "a reader");
          asked.push(index);
          signals.push(signal);
          return shares(async () => sealed("shares", index, [await reencryptShare(of())]), signal);
        },
        prove: async () => {
          proved.push(index);
          const plaintext = () => proveShare(of());
          const proof = async () => [
            await sealSymmetric({
              key: own.replyKey,
              aad: enc("proof", intent, digest),
              plaintext: plaintext(),
            }),
          ];
          return proofs(async () => sealed("proofs", index, await proof()), signal);
        },
      };
    };
    const device = {
      keys: async () => ({ box, signing: keyOf("a reader") }),
      certificate: async () => ({ fingerprint: "a reader" }),
    };
    const random = (length: number) => Uint8Array.from({ length }, (_, i) => i);
    const session = { trust, device, random, network: { proxy } } as unknown as Session;
    return { session, asked, proved, signals, sealed };
  }

  /** From here on who waits for seconds waits a quarter as long, and for less almost nothing. */
  function hurry(t: TestContext): void {
    const wait = globalThis.setTimeout;
    const shorter = (work: () => void, ms: number) => wait(work, ms < 1000 ? ms / 25 : ms / 4);
    t.mock.method(globalThis, "setTimeout", shorter as typeof setTimeout);
  }
  const open = (of: ReturnType<typeof among>, what = asking) => openByProxies(of.session, what);
  const tooFew = async (of: ReturnType<typeof among>, proxies: Record<number, string>) =>
    assert.rejects(open(of), (error: AnamnesisError) => {
      assert.equal(error.code, "TOO_FEW_PROXIES");
      assert.deepEqual(error.details?.["proxies"], proxies);
      return true;
    });

  test("asks k in random order, and opens with their answers", async () => {
    const of = among({});
    const opened = await open(of);
    assert.deepEqual([of.asked, opened.used, opened.faultyProxies], [[1, 2, 3], [1, 2, 3], []]);
    assert.equal(opened.contentKeys.length, 1);
    const turned = {
      ...of.session,
      random: (length: number) => Uint8Array.from({ length }, (_, i) => 9 - i),
    };
    of.asked.length = 0;
    assert.deepEqual((await openByProxies(turned, asking)).used, [2, 3, 4]);
    assert.deepEqual(of.asked, [4, 3, 2]);
    assert.ok(
      of.signals.every(({ aborted }) => aborted),
      "nobody is waited for any more",
    );
  });

  test("asks last whose institution was silent a moment ago", async () => {
    const of = among({});
    standingOf(of.session).silent(institutions[0]!);
    assert.deepEqual((await open(of)).used, [2, 3, 4]);
    assert.deepEqual(of.asked, [2, 3, 4]);
  });

  test("asks another in place of who fails, and nobody without need", async () => {
    for (const shares of [refuses("UNAVAILABLE"), refuses("TAG_NOT_GRANTED")]) {
      const of = among({ 2: { shares } });
      assert.deepEqual((await open(of)).used, [1, 3, 4]);
      assert.deepEqual(of.asked, [1, 2, 3, 4]);
    }
  });

  test("asks another beside who is silent for 1.5 s, and takes nothing that comes too late", async (t) => {
    hurry(t);
    const late: Answer = (own, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(own())));
    for (const shares of [silent, late]) {
      const of = among({ 1: { shares } });
      assert.deepEqual((await open(of)).used, [2, 3, 4]);
      assert.deepEqual(of.asked, [1, 2, 3, 4]);
    }
  });

  test("tells the code with which so many refuse that the rest could not open", async () => {
    const refused = refuses("TAG_NOT_GRANTED");
    const of = among({ 1: { shares: refused }, 3: { shares: refused } });
    await assert.rejects(open(of), {
      code: "TAG_NOT_GRANTED",
      message: "says TAG_NOT_GRANTED",
      details: { proxies: { 1: "TAG_NOT_GRANTED", 3: "TAG_NOT_GRANTED" } },
    });
  });

  test("tells who did not answer where they do not refuse alike, or cannot answer now", async () => {
    const rows: readonly [ErrorCode, ErrorCode][] = [
      ["TAG_NOT_GRANTED", "UNAVAILABLE"],
      ["TAG_NOT_GRANTED", "ACTION_NOT_GRANTED"],
      ["STALE_CHAIN", "STALE_CHAIN"],
      ["RATE_LIMITED", "RATE_LIMITED"],
      ["BUSY", "BUSY"],
    ];
    for (const [one, three] of rows) {
      const of = among({ 1: { shares: refuses(one) }, 3: { shares: refuses(three) } });
      await tooFew(of, { 1: one, 3: three });
    }
    const of = among({ 4: { shares: refuses("BUSY") }, 1: { shares: refuses("UNAVAILABLE") } });
    const [general, , , national] = institutions;
    await assert.rejects(open(of), {
      message: `3 of 4 proxies must answer; these did not (${general}: UNAVAILABLE, ${national}: BUSY)`,
      details: {
        proxies: { 1: "UNAVAILABLE", 4: "BUSY" },
        faultyProxies: [],
        away: [general, national],
      },
    });
  });

  test("takes an answer only for this proxy and intent, of so many records, and that it can read", async () => {
    const of = among({});
    const share = new Uint8Array(8);
    const wrong: readonly Answer[] = [
      async () => utf8("nothing"),
      async () => of.sealed("shares", 2, [share]),
      async () => of.sealed("proofs", 1, [share]),
      async () => of.sealed("shares", 1, []),
      async () => of.sealed("shares", 1, [share, share]),
    ];
    for (const shares of wrong)
      await tooFew(among({ 1: { shares }, 2: { shares: refuses("UNAVAILABLE") } }), {
        1: "MALFORMED",
        2: "UNAVAILABLE",
      });
  });

  test("asks a proxy again whose node is a moment behind, for a while", async (t) => {
    hurry(t);
    const lagging = (code: ErrorCode, times: number): Answer => {
      let left = times;
      return (own) => {
        left -= 1;
        return left < 0 ? own() : refuses(code)(own, new AbortController().signal);
      };
    };
    const countOf = async (shares: Answer): Promise<[number, readonly number[]]> => {
      const of = among({ 1: { shares } });
      const { used } = await open(of);
      return [of.asked.filter((index) => index === 1).length, used];
    };
    const [own, others] = [
      [1, 2, 3],
      [2, 3, 4],
    ];
    assert.deepEqual(await countOf(lagging("INTENT_MISSING", 7)), [8, own]);
    assert.deepEqual(await countOf(lagging("INTENT_MISSING", 8)), [8, others]);
    assert.deepEqual(await countOf(lagging("GRANT_NOT_LIVE", 2)), [3, own]);
    assert.deepEqual(await countOf(lagging("GRANT_NOT_LIVE", 3)), [3, others]);
    assert.deepEqual(await countOf(lagging("TAG_NOT_GRANTED", 1)), [1, others]);
  });

  test("names who lied, by the proofs, and opens with others", async () => {
    const of = among({ 2: { lies: true } });
    const { used, faultyProxies } = await open(of);
    assert.deepEqual([used, faultyProxies], [[1, 3, 4], [2]]);
    assert.deepEqual(of.asked, [1, 2, 3, 4]);
    assert.deepEqual(new Set(of.proved), new Set([1, 2, 3]));
  });

  test("names two who lied, and who lied together with somebody who would not prove", async () => {
    const rows: readonly Behaviour[] = [
      { lies: true },
      { proofs: refuses("UNAVAILABLE") },
      { proofs: async () => utf8("nothing") },
      { proofs: async () => of.sealed("proofs", 3, []) },
      { proofs: async () => of.sealed("proofs", 3, [new Uint8Array(100)]) },
    ];
    const of = among({});
    for (const third of rows) {
      const lied = among({ 1: { lies: true }, 3: third });
      await assert.rejects(open(lied), (error: AnamnesisError) => {
        assert.equal(error.code, "TOO_FEW_PROXIES");
        const { faultyProxies } = error.details as { faultyProxies: number[] };
        assert.deepEqual(new Set(faultyProxies), new Set([1, 3]));
        assert.match(error.message, /; wrong shares from .*online-clinic/);
        return true;
      });
    }
  });

  test("blames nobody where every proof holds: the grant or the capsule is at fault", async () => {
    const [tag] = asking.grant.tags;
    const tags = [{ ...tag!, ss64: flipBit(tag!.ss64, 0) }];
    const of = among({});
    await assert.rejects(open(of, { ...asking, grant: { ...asking.grant, tags } }), (error) => {
      assert.ok(error instanceof CryptoError);
      assert.equal(error.code, "E_DECRYPT");
      return true;
    });
    assert.deepEqual(new Set(of.proved), new Set([1, 2, 3]));
  });

  test("tells a defect as itself, and asks nobody any more", async (t) => {
    hurry(t);
    const broken = fails(new TypeError("broken"));
    const of = among({ 1: { shares: broken }, 2: { shares: silent }, 3: { shares: silent } });
    await assert.rejects(open(of), TypeError);
    assert.ok(of.signals.every(({ aborted }) => aborted));
    const hanging: Answer = () => new Promise(() => undefined);
    const left = among({ 1: { shares: hanging }, 2: { shares: hanging }, 3: { shares: broken } });
    await assert.rejects(open(left), TypeError);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.deepEqual(left.asked, [1, 2, 3]);
    const proofs = among({ 2: { lies: true }, 3: { proofs: broken } });
    await assert.rejects(open(proofs), TypeError);
    const items = [{ slip: asking.items[0]!.slip }] as unknown as Asking["items"];
    const own = among({});
    await assert.rejects(open(own, { ...asking, items }), TypeError);
    assert.deepEqual(own.proved, []);
  });
});
