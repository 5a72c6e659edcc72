import { setTimeout as sleep } from "node:timers/promises";
import { randomBytes } from "@anamnesis/crypto/verify";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { consortiumOf } from "@anamnesis/protocol";
import type { ReencryptRequest } from "@anamnesis/protocol";
import { answerOf, answerTo } from "./answered.ts";
import type { Answered } from "./answered.ts";
import {
  askProxies,
  captured,
  capturedQuestion,
  expectServed,
  questionOfOthers,
  underNewIntent,
} from "./capturedQuestions.ts";
import { openWithFew } from "./fewShares.ts";
import type { DemoTrail } from "./path.ts";
import type { DemoSteps } from "./steps.ts";
import { read } from "./world.ts";
import type { DemoWorld } from "./world.ts";

/** Longer than an honest opening takes, on a busy machine too. */
const SHORT_GRANT_MS = 10_000;

/** Asks every proxy for shares, by hand, as each of its checks is to prevent. What the reader captured is the model. */
export async function attackProxies(
  world: DemoWorld,
  trail: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const { reader, stranger } = world;
  const honest = capturedQuestion(world, trail.gid);
  const asked = (change: Partial<ReencryptRequest>, signer = reader) =>
    askProxies(signer, { ...fresh, ...change });
  let fresh = honest;
  const served = await demo.play("an honest question, asked by hand, is served", async () => {
    fresh = await underNewIntent(world, reader, honest);
    return expectServed(reader, fresh);
  });
  if (!served) return;
  await demo.attack("a stranger asks with the reader's intent", "GRANT_NOT_HELD", () =>
    asked({}, stranger),
  );
  await demo.attack("the question is not signed", "READER_SIGNATURE", () => unsigned(world, trail));
  await demo.attack("it asks to copy, where reading is granted", "ACTION_NOT_GRANTED", () =>
    asked({ action: "copy" }),
  );
  await demo.attack("it asks for research", "PURPOSE_NOT_GRANTED", () =>
    asked({ purpose: "HRESCH" }),
  );
  await demo.attack("no intent is on the chain", "INTENT_MISSING", () =>
    asked({ intent: randomBytes(32) }),
  );
  await demo.attack("the intent is for other records", "INTENT_MISSING", async () => {
    const { digests, items } = questionOfOthers(world, honest);
    return asked({ digests, items });
  });
  await demo.attack("a bit of the capsule is flipped", "NOT_ON_CHAIN", () =>
    asked({ items: fresh.items.map((item) => ({ ...item, capsules: flipped(item.capsules) })) }),
  );
  await demo.attack("a question is replayed", "NONCE_REUSED", () => replayed(world, trail));
  await fewProxies(world, trail, demo);
}

const flipped = (bytes: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[100] = copy[100]! ^ 1;
  return copy;
};

/** The last question, byte for byte, to the proxy that served it. */
async function replayed(world: DemoWorld, { gid }: DemoTrail): Promise<readonly Answered[]> {
  const { url, init } = captured(world, `/grants/${gid}/reencrypt`);
  return [await answerTo("the proxy", url, init)];
}

/** The last question without its signature, to every proxy. */
async function unsigned(world: DemoWorld, { gid }: DemoTrail): Promise<readonly Answered[]> {
  const { init } = captured(world, `/grants/${gid}/reencrypt`);
  const { body = null } = init;
  const { proxies } = consortiumOf(world.running.trust).consortium;
  return Promise.all(
    proxies.map(({ institution, address }) =>
      answerTo(`the proxy of ${institution}`, `${address}/grants/${gid}/reencrypt`, {
        method: "POST",
        headers: { "content-type": "application/cbor" },
        body,
      }),
    ),
  );
}

/** k−1 proxies answer, and a client computes with that as if it were enough. */
async function fewProxies(world: DemoWorld, { gid }: DemoTrail, demo: DemoSteps): Promise<void> {
  const { reader } = world;
  const { k } = consortiumOf(world.running.trust).consortium;
  let question = capturedQuestion(world, gid);
  await demo.play(`${k} shares, put together by hand, open a record`, async () => {
    question = await underNewIntent(world, reader, question);
    await openWithFew(reader, question, { gid, count: k });
  });
  const name = `${k - 1} proxies answer, and their shares are put together`;
  await demo.attack(name, "E_DECRYPT", async () => [
    await answerOf("the ciphertext", openWithFew(reader, question, { gid, count: k - 1 })),
  ]);
}

/** A grant of a few seconds: the very question that was served is asked again when they are over. */
export async function attackExpired(
  world: DemoWorld,
  { whole }: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const { stranger } = world;
  const until = Date.now() + SHORT_GRANT_MS;
  let question: ReencryptRequest | undefined;
  await demo.play("a grant of a few seconds opens, while it is live", async () => {
    const { fingerprint } = await stranger.device.certificate();
    const grant = { to: fingerprint, records: [whole], until };
    const { id } = await patient.grant(world.patient, grant);
    await doctor.receive(stranger);
    if (!Buffer.from(await read(stranger, whole)).equals(world.pdf))
      throw new Error("The PDF differs");
    question = await underNewIntent(world, stranger, capturedQuestion(world, id));
    return expectServed(stranger, question);
  });
  await demo.attack(
    "the same question after the grant has expired",
    "OUTSIDE_GRANT_TIME",
    async () => {
      if (question === undefined) return [];
      await sleep(Math.max(0, until - Date.now()) + 500);
      return askProxies(stranger, question);
    },
  );
  await demo.attack("an intent under the expired grant", "GRANT_EXPIRED", async () =>
    question === undefined ? [] : [await intentOf(world, question)],
  );
}

const intentOf = (world: DemoWorld, question: ReencryptRequest): Promise<Answered> =>
  answerOf("the node", underNewIntent(world, world.stranger, question));

/** What was served a moment ago is asked again after the revocation. */
export async function attackRevoked(
  world: DemoWorld,
  { gid }: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const { reader } = world;
  const { k } = consortiumOf(world.running.trust).consortium;
  const honest = capturedQuestion(world, gid);
  let question = honest;
  await demo.play("revoke: one slip; the proxies erase their shares and sign for it", async () => {
    question = await underNewIntent(world, reader, honest);
    await expectServed(reader, question);
    const { receipts } = await patient.revoke(world.patient, gid);
    if (receipts.length < k) throw new Error(`Only ${receipts.length} proxies signed`);
    return `${receipts.length} receipts`;
  });
  await demo.attack("the same question after the revocation", "GRANT_NOT_LIVE", () =>
    askProxies(reader, question),
  );
  await demo.attack("an intent under the revoked grant", "GRANT_REVOKED", async () => [
    await answerOf("the node", underNewIntent(world, reader, questionOfOthers(world, honest))),
  ]);
}
