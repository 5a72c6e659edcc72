import assert from "node:assert/strict";
import { test } from "node:test";
import { proveSlip, proveState } from "@anamnesis/ledger";
import type { Session } from "@anamnesis/client";
import {
  AnamnesisError,
  appHashOf,
  limits,
  makeHead,
  parseInstitutionId,
  signPage,
  verifySlipProof,
  verifyStateProof,
  votersOfGenesis,
} from "@anamnesis/protocol";
import type { Head, SlipProof } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { rotationSlip } from "@anamnesis/testing/nodeKeyRotation";
import { TestChain } from "@anamnesis/testing/testChain";
import { askHeadOnce, askNewestHead, isFresh, withHeads } from "./heads.ts";
import type { AskHead } from "./heads.ts";

const follower = "provincial-authority";
const member = (id: string) => (id === follower ? { power: 0 } : {});
const chain = new TestChain(makeGenesis("care", { member, params: { pageSlips: 2 } }));
const visits = ["a", "b", "c", "d"].map((name) =>
  chain.slip(
    "session.open",
    { institution: parseInstitutionId("general-hospital"), key: keyOf(name).publicKey },
    keyOf(name),
  ),
);
for (const visit of visits) assert.equal(chain.submit(visit), "OK");
const { chain: id } = chain.genesis;
const made = proveSlip(chain.state, { chain: id, height: chain.height }, visits[0]!.id)!;

const headBy = (name: string, change: Partial<Omit<Head, "signature">> = {}): Head =>
  makeHead(
    {
      chain: id,
      height: made.height,
      appHash: appHashOf(made.roots),
      time: chain.time,
      institution: parseInstitutionId(name),
      ...change,
    },
    signer(keyOf(name)),
  );

const [first, second, third] = ["general-hospital", "national-authority", "municipal-authority"];
const voters = votersOfGenesis(chain.genesis);

/** Makes the proof whole by members who answer in this order, each what it is given here. */
async function gathered(
  answers: Readonly<Record<string, () => Head>>,
  { heads = [] as readonly Head[], freshAt = undefined as number | undefined } = {},
): Promise<{ readonly signers: readonly string[]; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const ask: AskHead = async (name) => {
    asked.push(name);
    return answers[name]!();
  };
  const proof = { ...made, heads };
  const whole = await withHeads(ask, voters, proof, Object.keys(answers), { freshAt });
  return { signers: whole.heads.map(({ institution }) => institution), asked };
}

test("withHeads() leaves out what a member without a vote signed, and asks others in its place", async () => {
  assert.ok(made.place.in === "page");
  const { place } = made;
  const countersignatures = [follower, "general-hospital"].map((name) => ({
    institution: parseInstitutionId(name),
    signature: signPage(id, place.header, signer(keyOf(name))),
  }));
  const proof = { ...made, place: { ...place, countersignatures }, heads: [headBy(follower)] };
  const order = chain.genesis.members.map((each) => each.id);
  const whole = await withHeads(
    async (name) => headBy(name),
    votersOfGenesis(chain.genesis),
    proof,
    order,
  );
  const { signers, countersigned } = verifySlipProof(chain.genesis, whole);
  assert.deepEqual(signers, ["general-hospital", "national-authority"]);
  assert.deepEqual(countersigned, ["general-hospital"]);
});

test("withHeads() passes over heads and countersignatures under a key that came later, and asks others", async () => {
  const rotated = "municipal-authority";
  const later = chain.fork();
  assert.equal(later.submit(rotationSlip(later, { id: rotated, to: "later" })), "OK");
  assert.equal(later.height, made.height + 1);
  const at = { chain: id, height: later.height };
  const now = proveSlip(later.state, at, visits[0]!.id)!;
  const [change] = now.voters;
  assert.ok(now.place.in === "page" && change !== undefined);
  const { place } = now;
  const label = (name: string) => (name === rotated ? "later" : name);
  const headOf = ({ height, roots }: Pick<SlipProof, "height" | "roots">, name: string): Head =>
    makeHead(
      {
        chain: id,
        height,
        appHash: appHashOf(roots),
        time: later.time,
        institution: parseInstitutionId(name),
      },
      signer(keyOf(label(name))),
    );
  const countersigned = (name: string, key: string) => ({
    institution: parseInstitutionId(name),
    signature: signPage(id, place.header, signer(keyOf(key))),
  });
  const countersignatures = [countersigned(rotated, rotated), countersigned(rotated, "later")];
  const proof = { ...now, place: { ...place, countersignatures }, heads: [headOf(now, rotated)] };
  const order = [rotated, "general-hospital", "national-authority"];
  const asked: string[] = [];
  const whole = await withHeads(
    async (name, _chain, height) => {
      asked.push(name);
      return headOf(height === change.height ? change : now, name);
    },
    votersOfGenesis(chain.genesis),
    proof,
    order,
  );
  const verified = verifySlipProof(chain.genesis, whole);
  assert.deepEqual(
    whole.voters[0]!.heads.map((head) => head.institution),
    order.slice(1),
  );
  assert.deepEqual(verified.signers, order.slice(0, 2));
  assert.deepEqual(verified.countersigned, [rotated]);
  assert.deepEqual(asked, [...order, "general-hospital"]);
});

test("withHeads() passes over a head that does not count for the proof, in an answer and in the proof itself", async () => {
  const flipped = headBy(first!);
  const rows: readonly [string, Head][] = [
    ["of another chain", headBy(first!, { chain: "another" as Head["chain"] })],
    ["of another height", headBy(first!, { height: made.height - 1 })],
    ["not signed", { ...flipped, signature: flipped.signature.map((byte) => byte ^ 1) }],
    ["of a stranger", headBy("mallory")],
  ];
  const others = { [second!]: () => headBy(second!), [third!]: () => headBy(third!) };
  for (const [what, head] of rows) {
    const answered = await gathered({ [first!]: () => head, ...others });
    assert.deepEqual(answered.signers, [second, third], what);
    const { signers, asked } = await gathered(others, { heads: [head] });
    assert.deepEqual(
      [signers, asked],
      [
        [second, third],
        [second, third],
      ],
      what,
    );
  }
  const another = await gathered({ [first!]: () => headBy(second!), ...others });
  assert.deepEqual(another.signers, [second, third], "another member's");
});

test("withHeads() asks nobody whose head is in the proof, and nobody at all where these are enough", async () => {
  const answers = {
    [first!]: () => headBy(first!),
    [second!]: () => headBy(second!),
  };
  const one = await gathered(answers, { heads: [headBy(first!)] });
  assert.deepEqual(one, { signers: [first, second], asked: [second] });
  const both = await gathered(answers, { heads: [headBy(first!), headBy(second!)] });
  assert.deepEqual(both.asked, []);
});

test("withHeads() names a member who signed another state, whether its head is in the proof or asked for", async () => {
  const forked = (name: string) => headBy(name, { appHash: new Uint8Array(32) });
  await assert.rejects(
    gathered({ [second!]: () => headBy(second!) }, { heads: [forked(first!)] }),
    {
      code: "PROOF_INVALID",
      message: `${first} signed another state of ${id} at height ${made.height} than is proved`,
    },
  );
  const asked = { [second!]: () => forked(second!) };
  await assert.rejects(gathered(asked, { heads: [headBy(first!)] }), {
    code: "PROOF_INVALID",
    message: `${second} signed another state of ${id} at height ${made.height} than ${first}`,
  });
});

test("withHeads() takes only heads of the last 10 s where the proof has to be fresh", async () => {
  const { headFreshMs } = limits;
  const freshAt = chain.time + headFreshMs;
  const old = (name: string) => headBy(name, { time: chain.time - 1 });
  const answers = {
    [first!]: () => old(first!),
    [second!]: () => headBy(second!),
    [third!]: () => headBy(third!),
  };
  assert.deepEqual((await gathered(answers, { freshAt })).signers, [second, third]);
  const inProof = await gathered(
    { [first!]: () => headBy(first!), [second!]: () => headBy(second!) },
    { heads: [old(first!)], freshAt },
  );
  assert.deepEqual(inProof, { signers: [first, second], asked: [first, second] });
  assert.deepEqual(
    (await gathered({ [second!]: () => old(second!) }, { heads: [old(first!)] })).signers,
    [first, second],
  );
  const head = headBy(first!);
  for (const [off, isSo] of [
    [0, true],
    [headFreshMs, true],
    [headFreshMs + 1, false],
  ] as const)
    for (const now of [head.time + off, head.time - off])
      assert.equal(isFresh(head, now), isSo, `${now - head.time}`);
});

test("withHeads() tells what each member said when too few signed, and a defect as itself", async () => {
  const refuse = (code: "UNAVAILABLE" | "NOT_YET") => (): never => {
    throw new AnamnesisError(code, `says ${code}`);
  };
  const alone = gathered({ [first!]: refuse("NOT_YET") });
  const few = `Too few members of ${id} signed height ${made.height}`;
  const message = `${few}: says NOT_YET`;
  await assert.rejects(alone, (error: AnamnesisError) => {
    assert.deepEqual(
      [error.code, error.message, error.details],
      ["UNAVAILABLE", message, undefined],
    );
    return true;
  });
  const both = { [first!]: refuse("UNAVAILABLE"), [second!]: refuse("NOT_YET") };
  await assert.rejects(gathered(both), {
    code: "UNAVAILABLE",
    details: {
      members: { [first!]: "UNAVAILABLE", [second!]: "NOT_YET" },
      away: [first, second],
    },
  });
  // One answered in between: who did not before it is named all the same.
  const oneOfTwo = { [first!]: refuse("UNAVAILABLE"), [second!]: () => headBy(second!) };
  await assert.rejects(gathered(oneOfTwo), {
    code: "UNAVAILABLE",
    message: `${few}: says UNAVAILABLE`,
  });
  await assert.rejects(gathered({ [second!]: () => headBy(second!) }), {
    code: "UNAVAILABLE",
    message: `${few}: ${second}, and no other is known`,
  });
  const broken = (): never => {
    throw new TypeError("broken");
  };
  await assert.rejects(gathered({ [first!]: broken }), TypeError);
});

test("withHeads() makes the proof of an entry whole, and of a slip whose page is open", async () => {
  const later = chain.fork();
  const visit = { institution: parseInstitutionId("general-hospital"), key: keyOf("e").publicKey };
  const slip = later.slip("session.open", visit, keyOf("e"));
  assert.equal(later.submit(slip), "OK");
  const at = { chain: id, height: later.height };
  const inOpenPage = proveSlip(later.state, at, slip.id)!;
  assert.equal(inOpenPage.place.in, "openPage");
  const { height, roots } = inOpenPage;
  const ask: AskHead = async (name) => headBy(name, { height, appHash: appHashOf(roots) });
  const order = [first!, second!];
  const whole = await withHeads(ask, voters, inOpenPage, order);
  assert.equal(verifySlipProof(chain.genesis, whole).slip.id, slip.id);
  const entry = proveState(later.state, at, "grants", "0".repeat(64));
  const stated = await withHeads(ask, voters, { ...entry, heads: [] }, order);
  assert.equal(verifyStateProof(chain.genesis, stated).value, undefined);
});

/** A session whose only party is a node with these heads. */
function sessionWith(newest: Head, committed: (height: number) => Head) {
  const asked: string[] = [];
  const node = {
    head: async () => newest,
    headAt: async (_: string, height: number) => {
      asked.push(`${height}`);
      return committed(height);
    },
  };
  return { session: { network: { node: () => node } } as unknown as Session, asked };
}

test("askNewestHead() gives the newest head where it is of that height, else the one of that height", async () => {
  const newest = headBy(first!, { time: chain.time + 1 });
  const committed = headBy(first!);
  const { session } = sessionWith(newest, () => committed);
  const ask = askNewestHead(session);
  assert.equal(await ask(first!, id, newest.height), newest);
  assert.equal(await ask(first!, id, newest.height - 1), committed);
});

test("askHeadOnce() asks once for a head, and again for one that could not be had", async () => {
  let isThere = false;
  const { session, asked } = sessionWith(headBy(first!), () => {
    if (!isThere) throw new AnamnesisError("NOT_YET", "not yet");
    return headBy(first!);
  });
  const ask = askHeadOnce(session);
  await assert.rejects(ask(first!, id, 1), { code: "NOT_YET" });
  isThere = true;
  for (const height of [1, 1, 2]) await ask(first!, id, height);
  assert.deepEqual(asked, ["1", "1", "2"]);
});
