/** Which refusals are kept and posted, and how often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeSlip, parseChainId } from "@anamnesis/protocol";
import type { SignedRequest, Slip } from "@anamnesis/protocol";
import { AnamnesisError } from "@anamnesis/protocol";
import { toHex } from "@anamnesis/crypto/verify";
import { keyOf } from "@anamnesis/testing/keys";
import type { Consortium } from "./consortium.ts";
import { Denials } from "./denials.ts";
import type { KeptRequests } from "./keptRequests.ts";

const MINUTE_MS = 60_000;
const gid = "ab".repeat(32);
const [ada, grace] = ["cd".repeat(32), "ef".repeat(32)] as const;
const hash = new Uint8Array(32).fill(5);
const code = "TAG_NOT_GRANTED";

function newDenials() {
  const clock = { now: 1_700_000_000_000 };
  const posted: Slip<"usage.denied">[] = [];
  const disk = { isFull: false };
  const denials = new Denials({
    chain: parseChainId("consortium"),
    index: 3,
    signing: keyOf("proxy"),
    consortium: {
      submit: async (bytes) => void posted.push(decodeSlip(bytes) as Slip<"usage.denied">),
    } as Pick<Consortium, "submit"> as Consortium,
    kept: {
      keep: async () => {
        if (disk.isFull) throw new AnamnesisError("STORAGE_FULL", "No room");
        return hash;
      },
    } as unknown as KeptRequests,
    now: () => clock.now,
  });
  const post = async (reader: string, why: string = code, of = gid): Promise<number> => {
    denials.post({ gid: of, reader, signed: {} as SignedRequest }, why);
    await denials.settled();
    return posted.length;
  };
  return { clock, posted, disk, post };
}

test("post() says who asked for what, why it was refused, and by which request", async () => {
  const { posted, post } = newDenials();
  await post(ada);
  const { proxy, gid: of, cert, code: why, evidence } = posted[0]!.fields;
  assert.deepEqual(
    [proxy, toHex(of), toHex(cert), why, toHex(evidence)],
    [3, gid, ada, code, toHex(hash)],
  );
});

test("post() says nothing of what is nobody's wrong try, nor of what could not be kept", async () => {
  const { disk, post } = newDenials();
  assert.equal(await post(ada, "STALE_CHAIN"), 0);
  disk.isFull = true;
  assert.equal(await post(grace), 0);
  disk.isFull = false;
  assert.equal(await post(ada), 1, "what was not said does not keep another from being said");
});

test("post() says it once a minute of a reader and a grant, to the millisecond", async () => {
  const { clock, post } = newDenials();
  assert.equal(await post(ada), 1);
  assert.equal(await post(ada, "PURPOSE_NOT_GRANTED"), 1);
  clock.now += MINUTE_MS / 2;
  assert.equal(await post(grace), 2, "another reader");
  assert.equal(await post(ada, code, "12".repeat(32)), 3, "another grant");
  clock.now += MINUTE_MS / 2 - 1;
  assert.equal(await post(ada), 3);
  clock.now += 1;
  assert.equal(await post(ada), 4);
  assert.equal(await post(grace), 4);
});
