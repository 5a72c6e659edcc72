import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { Network, Session } from "@anamnesis/client";
import { AnamnesisError, consortiumOf } from "@anamnesis/protocol";
import type { DemoTrail } from "./path.ts";
import type { DemoSteps } from "./steps.ts";
import { read } from "./world.ts";
import type { DemoWorld, SentRequest } from "./world.ts";

/** Attacks what the path has built: each must be refused, and what is honest must go on working. */
export async function playAttacks(
  world: DemoWorld,
  trail: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  await tamper(world, trail, demo);
  await fewerProxies(world, trail, demo);
  await strangers(world, trail, demo);
  await replays(world, demo);
  await expiry(world, trail, demo);
  await revocation(world, trail, demo);
}

async function tamper(
  world: DemoWorld,
  { whole, objects }: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const [first = "", ...others] = objects;
  const honest = await readFile(first);
  const sums = await Promise.all(objects.map((file) => readFile(`${file}.sum`)));
  const flipped = Buffer.from(honest);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;

  await demo.play(
    "attack: one replica of the object is altered; the vault repairs it",
    async () => {
      await writeFile(first, flipped);
      await expectBytes(world, whole);
      if (!(await readFile(first)).equals(honest)) throw new Error("The replica was not repaired");
    },
  );
  await demo.attack("attack: every replica is altered", ["OBJECT_CORRUPT"], async () => {
    for (const file of objects) await writeFile(file, flipped);
    await read(world.reader, whole);
  });
  await demo.attack(
    "attack: a lying vault alters the object and its checksums",
    ["E_DECRYPT", "DIGEST_MISMATCH"],
    async () => {
      for (const [at, file] of objects.entries()) {
        const { check: _, ...sum } = JSON.parse(String(sums[at])) as Record<string, unknown>;
        const facts = { ...sum, sha256: hashOf(flipped) };
        const check = hashOf(JSON.stringify(facts));
        await writeFile(`${file}.sum`, `${JSON.stringify({ ...facts, check })}\n`);
      }
      await read(world.reader, whole);
    },
  );
  for (const [at, file] of [first, ...others].entries()) {
    await writeFile(file, honest);
    await writeFile(`${file}.sum`, sums[at] ?? "");
  }
  await demo.play("the restored object opens again", () => expectBytes(world, whole));
}

const hashOf = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

async function expectBytes(world: DemoWorld, whole: string): Promise<void> {
  if (!Buffer.from(await read(world.reader, whole)).equals(world.pdf))
    throw new Error("The PDF differs");
}

/** k−1 proxies answer; the others are away. */
async function fewerProxies(
  world: DemoWorld,
  { whole }: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const { k } = consortiumOf(world.running.trust).consortium;
  await demo.attack(`attack: only ${k - 1} proxies answer`, ["TOO_FEW_PROXIES"], () =>
    read(
      withNetwork(world.reader, (network) => onlyProxies(network, k - 1)),
      whole,
    ),
  );
}

const withNetwork = (session: Session, change: (network: Network) => Network): Session => ({
  ...session,
  network: change(session.network),
});

function onlyProxies(network: Network, count: number): Network {
  const away = (): Promise<never> =>
    Promise.reject(new AnamnesisError("UNAVAILABLE", "This proxy is away"));
  return {
    node: (institution) => network.node(institution),
    mailbox: (institution) => network.mailbox(institution),
    vault: (id) => network.vault(id),
    registry: () => network.registry(),
    proxy: (index) =>
      index <= count
        ? network.proxy(index)
        : {
            keepShares: away,
            reencrypt: away,
            prove: away,
            evidence: away,
            denied: away,
            erase: away,
          },
  };
}

/** Another certified doctor gets hold of the grant message, and of nothing else. */
async function strangers(
  world: DemoWorld,
  { whole, gid }: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const refused = [
    "NO_ACCESS",
    "E_DECRYPT",
    "READER_SIGNATURE",
    "GRANT_NOT_HELD",
    "GRANT_SIGNATURE",
    "FORBIDDEN",
  ];
  await demo.attack("attack: a stranger asks for the record by its id", refused, () =>
    read(world.stranger, whole),
  );
  await demo.attack("attack: a stranger holds the stolen grant message", refused, async () => {
    const { items } = world.reader.device;
    const stolen = await items.get("grantReceived", gid);
    const message = await items.get("grantMessage", stolen?.name ?? "");
    if (stolen === undefined || message === undefined)
      throw new Error("The reader keeps no grant message");
    const { items: theirs } = world.stranger.device;
    await theirs.put("grantMessage", stolen.name, message);
    await theirs.put("grantReceived", gid, stolen);
    try {
      await read(world.stranger, whole);
    } finally {
      await theirs.remove("grantReceived", gid);
      await theirs.remove("grantMessage", stolen.name);
    }
  });
}

/** What was captured on the wire is sent again, byte for byte. */
async function replays(world: DemoWorld, demo: DemoSteps): Promise<void> {
  await demo.attack("attack: a request to a proxy is replayed", ["NONCE_REUSED"], () =>
    sendAgain(world.sent.findLast(({ url }) => url.endsWith("/reencrypt"))),
  );
  await demo.attack("attack: a slip is replayed", ["REPLAYED"], () =>
    sendAgain(world.sent.find(({ url }) => url.endsWith("/slips"))),
  );
}

async function sendAgain(request: SentRequest | undefined): Promise<void> {
  if (request === undefined) throw new Error("Nothing of the kind went over the wire");
  const answer = await fetch(request.url, { ...request.init, signal: AbortSignal.timeout(10_000) });
  if (answer.ok) return;
  const body = (await answer.json()) as { error?: { code?: string } };
  throw Object.assign(new Error("Refused"), { code: body.error?.code ?? "UNKNOWN" });
}

/** A grant of a few seconds, used when they are over. */
async function expiry(world: DemoWorld, { whole }: DemoTrail, demo: DemoSteps): Promise<void> {
  const name = "attack: a grant is used after it has expired";
  await demo.attack(
    name,
    ["NO_ACCESS", "OUTSIDE_GRANT_TIME", "GRANT_NOT_LIVE", "GRANT_EXPIRED"],
    async () => {
      const { fingerprint } = await world.stranger.device.certificate();
      const until = Date.now() + 6_000;
      await patient.grant(world.patient, { to: fingerprint, records: [whole], until });
      await doctor.receive(world.stranger);
      await expectOpens(world.stranger, whole, world.pdf);
      await sleep(Math.max(0, until - Date.now()) + 500);
      await read(late(world.stranger, until), whole);
    },
  );
}

async function expectOpens(session: Session, id: string, wanted: Uint8Array): Promise<void> {
  if (!Buffer.from(await read(session, id)).equals(wanted))
    throw new Error("The grant did not open while it was live");
}

/** A reader whose own clock has stopped before the end: only the others can refuse. */
const late = (session: Session, until: number): Session => ({
  ...session,
  clock: () => Math.min(Date.now(), until - 1_000),
});

async function revocation(
  world: DemoWorld,
  { whole, split, gid }: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const { k } = consortiumOf(world.running.trust).consortium;
  await demo.play("revoke: one slip; the proxies erase their shares and sign for it", async () => {
    const { receipts } = await patient.revoke(world.patient, gid);
    if (receipts.length < k) throw new Error(`Only ${receipts.length} proxies signed`);
    return `${receipts.length} receipts`;
  });
  const refused = ["NO_ACCESS", "GRANT_NOT_LIVE", "GRANT_REVOKED", "GRANT_NOT_HELD"];
  await demo.attack("attack: the revoked grant is used", refused, () => read(world.reader, whole));
  await demo.attack("attack: the revoked grant is used for another record", refused, () =>
    read(world.reader, split[0] ?? ""),
  );
}
