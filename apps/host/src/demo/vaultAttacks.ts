import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import { careChainOf, consortiumOf, limits, makeTicket, vaultRoutes } from "@anamnesis/protocol";
import type { Ticket } from "@anamnesis/protocol";
import { vaultIdOf } from "../profiles/federation.ts";
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
  const honest = await readFile(objects[0] ?? "");
  const sums = await Promise.all(objects.map((file) => readFile(`${file}.sum`)));
  const flipped = Buffer.from(honest);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;

  await demo.play(
    "attack: the object is altered in one vault; another gives it, and the copy is repaired",
    async () => {
      // Its own institution's vault is asked first.
      const file = objects.find((path) => path.includes(vaultOf(world).id)) ?? "";
      await writeFile(file, flipped);
      await expectBytes(world, whole);
      await untilRepaired(file, honest);
    },
  );
  await demo.attack("the object is altered in every vault", "OBJECT_CORRUPT", async () => {
    for (const file of objects) await writeFile(file, flipped);
    return [await get(world, object, await ticketFor(world, object))];
  });
  await demo.attack("every vault lies, and alters object and checksum", "E_DECRYPT", async () => {
    for (const [at, file] of objects.entries()) {
      const { check: _, ...sum } = JSON.parse(String(sums[at])) as Record<string, unknown>;
      const facts = { ...sum, sha256: hashOf(flipped) };
      const check = hashOf(JSON.stringify(facts));
      await writeFile(`${file}.sum`, `${JSON.stringify({ ...facts, check })}\n`);
    }
    return [await answerOf("the reader's client", read(world.reader, whole))];
  });
  for (const [at, file] of objects.entries()) {
    await writeFile(file, honest);
    await writeFile(`${file}.sum`, sums[at] ?? "");
  }
  await demo.play("the restored object opens again", () => expectBytes(world, whole));
}

async function untilRepaired(file: string, honest: Buffer): Promise<void> {
  for (let waitedMs = 0; !(await readFile(file)).equals(honest); waitedMs += 100) {
    if (waitedMs > 5_000) throw new Error("The copy was not repaired");
    await sleep(100);
  }
}

const hashOf = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

async function expectBytes(world: DemoWorld, whole: string): Promise<void> {
  if (!Buffer.from(await read(world.reader, whole)).equals(world.pdf))
    throw new Error("The PDF differs");
}

/** That of the author's institution, which holds what the author wrote. */
function vaultOf({ author }: DemoWorld): { readonly id: string; readonly address: string } {
  const id = vaultIdOf(author.device.institution);
  const vault = consortiumOf(author.trust).consortium.vaults.find((other) => other.id === id);
  if (vault === undefined) throw new Error("The author's institution has no vault");
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
function ticketFor(world: DemoWorld, object: string): Promise<Ticket> {
  const { author } = world;
  const { institution } = author.device;
  const { chain } = careChainOf(author.trust, institution);
  const vault = vaultOf(world).id;
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
