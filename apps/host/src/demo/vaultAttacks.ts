import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import { careChainOf, consortiumOf, limits, makeTicket, vaultRoutes } from "@anamnesis/protocol";
import type { Ticket } from "@anamnesis/protocol";
import { answerOf, answerTo } from "./answered.ts";
import type { Answered } from "./answered.ts";
import type { DemoTrail } from "./path.ts";
import type { DemoSteps } from "./steps.ts";
import { read } from "./world.ts";
import type { DemoWorld } from "./world.ts";

/** Alters what the vault keeps, and asks it for what is nobody's but the ticket's bearer. */
export async function attackVault(
  world: DemoWorld,
  trail: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const object = basename(trail.objects[0] ?? "");
  await demo.attack("an object is asked for without a ticket", "TICKET_INVALID", async () => {
    const { address } = vaultOf(world);
    return [await answerTo("the vault", `${address}/objects/${object}`, {})];
  });
  await demo.attack("a ticket that no node has signed", "TICKET_INVALID", async () => [
    await get(world, object, await forgedTicket(world, object)),
  ]);
  await demo.attack("a ticket for another object", "TICKET_INVALID", async () => [
    await get(world, object, await ticketFor(world, "00".repeat(32))),
  ]);
  await tamper(world, trail, { demo, object });
}

async function tamper(
  world: DemoWorld,
  { whole, objects }: DemoTrail,
  { demo, object }: { readonly demo: DemoSteps; readonly object: string },
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
  await demo.attack("every replica is altered", "OBJECT_CORRUPT", async () => {
    for (const file of objects) await writeFile(file, flipped);
    return [await get(world, object, await ticketFor(world, object))];
  });
  await demo.attack("a lying vault alters the object and its checksums", "E_DECRYPT", async () => {
    for (const [at, file] of objects.entries()) {
      const { check: _, ...sum } = JSON.parse(String(sums[at])) as Record<string, unknown>;
      const facts = { ...sum, sha256: hashOf(flipped) };
      const check = hashOf(JSON.stringify(facts));
      await writeFile(`${file}.sum`, `${JSON.stringify({ ...facts, check })}\n`);
    }
    return [await answerOf("the reader's client", read(world.reader, whole))];
  });
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

function vaultOf({ running }: DemoWorld): { readonly id: string; readonly address: string } {
  const [vault] = consortiumOf(running.trust).consortium.vaults;
  if (vault === undefined) throw new Error("The federation has no vault");
  return vault;
}

const get = (world: DemoWorld, object: string, ticket: Ticket): Promise<Answered> => {
  const { id, address } = vaultOf(world);
  const vault = new Part(`vault ${id}`, address);
  const asking = vault.call(vaultRoutes.getObject, { params: { id: object }, caller: ticket });
  return answerOf(
    "the vault",
    asking.then(({ content }) => content.cancel()),
  );
};

/** As the author's own node gives it to anybody who knows an object's id. */
function ticketFor({ author }: DemoWorld, object: string): Promise<Ticket> {
  const { institution } = author.device;
  const { chain } = careChainOf(author.trust, institution);
  const vault = consortiumOf(author.trust).consortium.vaults[0]!.id;
  const wish = { vault, chain, action: "get", object: fromHex(object) } as const;
  return author.network.node(institution).ticket(wish);
}

/** The same in the node's name, under the stranger's own key. */
async function forgedTicket(world: DemoWorld, object: string): Promise<Ticket> {
  const { v: _v, signature: _signature, ...wish } = await ticketFor(world, object);
  const { signing } = await world.stranger.device.keys();
  const notAfter = Date.now() + limits.ticketMs;
  return makeTicket({ ...wish, notAfter }, (type, message) =>
    sign({ type, message, secretKey: signing.secretKey }),
  );
}
