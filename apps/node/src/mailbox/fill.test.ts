/** What strangers may fill beyond one box: all boxes from one origin, and the disk. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { limits, proveByCard } from "@anamnesis/protocol";
import { openingBox, postToBox } from "@anamnesis/testing/boxes";
import { authority, hospital } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call } from "@anamnesis/testing/requests";
import { Fill } from "./fill.ts";

let federation: NodeFederation;
const boxes = ["first", "second"].map((name) => bytesOf(`box ${name}`));
const [first, second] = boxes as [Uint8Array, Uint8Array];
const postKey = bytesOf("postKey");
const message = (): Uint8Array => randomBytes(limits.messageBucketBytes);
const url = (at: string, box: Uint8Array): string =>
  `${federation.address(at)}/boxes/${toHex(box)}`;

before(async () => {
  federation = await NodeFederation.make();
  await federation.start(hospital, { strangerBytesPerHour: 4 * 16 * 1024 });
  await federation.start(authority, { mailboxDiskKept: 2 ** 60 });
  for (const at of [hospital, authority])
    for (const box of boxes) {
      const to = url(at, box);
      assert.equal((await call(to, openingBox(to, keyOf("owner"), { postKey }))).status, 200);
    }
});
after(() => federation.remove());

async function post(at: string, box: Uint8Array, expected: "expected" | "stranger") {
  const sealed = message();
  const proof = expected === "stranger" ? null : proveByCard(postKey, { box, sealed });
  const { status, json } = await postToBox(url(at, box), sealed, { proof });
  return status === 200 ? "OK" : json.error!.code;
}

test("attack 5: what strangers of one origin write into all boxes is counted; who is expected is not", async () => {
  for (let i = 0; i < 4; i += 1) assert.equal(await post(hospital, first, "stranger"), "OK");
  assert.equal(await post(hospital, first, "stranger"), "RATE_LIMITED");
  assert.equal(
    await post(hospital, second, "stranger"),
    "RATE_LIMITED",
    "another box is no way out",
  );
  assert.equal(await post(hospital, second, "expected"), "OK");
});

test("attack 5: small messages of strangers take half of the places in a box, and of those expected all", () => {
  const fill = new Fill("/", Date.now, {});
  const box = "a box";
  const put = (room: "all" | "unreserved"): void => {
    fill.assertRoom(box, limits.messageBucketBytes, { room, origin: "somewhere" });
    fill.count(box, limits.messageBucketBytes);
  };
  const half = limits.boxMessages - limits.boxReservedMessages;
  for (let i = 0; i < half; i += 1) put("unreserved");
  assert.throws(() => put("unreserved"), { code: "BOX_FULL" });
  for (let i = half; i < limits.boxMessages; i += 1) put("all");
  assert.throws(() => put("all"), { code: "BOX_FULL" });
});

test("attack 5: messages leave the end of the disk to the chains, which go on", async () => {
  assert.equal(await post(authority, first, "stranger"), "STORAGE_FULL");
  assert.equal(await post(authority, first, "expected"), "STORAGE_FULL");
  await federation.certify(federation.consortium, "doctor");
});
