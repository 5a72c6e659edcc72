import { randomBytes } from "@anamnesis/crypto/verify";
import { sign } from "@anamnesis/crypto/sign";
import { consortiumOf, makeGroup, memberOf } from "@anamnesis/protocol";
import { answerOf, answerTo } from "./answered.ts";
import type { Answered } from "./answered.ts";
import { captured, capturedQuestion, underNewIntent } from "./capturedQuestions.ts";
import type { DemoTrail } from "./path.ts";
import type { DemoSteps } from "./steps.ts";
import type { DemoWorld } from "./world.ts";

/** Puts on the chain, by hand, what is not the attacker's to say. */
export async function attackNodes(
  world: DemoWorld,
  { gid }: DemoTrail,
  demo: DemoSteps,
): Promise<void> {
  const { url, init } = captured(world, "/slips");
  const slip = init.body instanceof Uint8Array ? init.body : randomBytes(32);
  const toNode = async (address: string, body: Uint8Array): Promise<readonly Answered[]> => [
    await answerTo("the node", address, { ...init, body: Uint8Array.from(body) }),
  ];
  await demo.attack("a slip is replayed", "REPLAYED", () => toNode(url, slip));
  await demo.attack(
    "a stranger announces a reading in the reader's place",
    "NOT_THE_READER",
    async () => {
      const intent = underNewIntent(world, world.stranger, capturedQuestion(world, gid));
      return [await answerOf("the node", intent)];
    },
  );
  await demo.attack("a stranger signs in the reader's name", "SLIP_SIGNATURE", async () => {
    const { stranger, reader } = world;
    const intent = underNewIntent(world, stranger, capturedQuestion(world, gid), reader);
    return [await answerOf("the node", intent)];
  });
  await demo.attack("a group that no member has signed", "CARRIER_SIGNATURE", async () => {
    const { signing } = await world.stranger.device.keys();
    const genesis = consortiumOf(world.running.trust);
    const bytes = makeGroup(genesis.chain, genesis.writer, [slip], (type, message) =>
      sign({ type, message, secretKey: signing.secretKey }),
    );
    const { address } = memberOf(genesis, genesis.writer);
    return toNode(`${address}/chains/${genesis.chain}/groups`, bytes);
  });
}
