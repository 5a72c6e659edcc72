import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SlipId } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call } from "@anamnesis/testing/requests";
import { killNode, nodeConfigFile, startNodeProcess } from "@anamnesis/testing/nodeProcess";
import type { NodeProcess } from "@anamnesis/testing/nodeProcess";

let federation: NodeFederation;
let file: string;
const children: NodeProcess[] = [];

const run = async (options: { fileBytes?: number } = {}): Promise<NodeProcess> => {
  const started = await startNodeProcess(file, options);
  children.push(started);
  assert.equal(started.said, "ready");
  return started;
};

before(async () => {
  federation = await NodeFederation.make({ members: [hospital] });
  file = await nodeConfigFile(federation, hospital);
});
after(async () => {
  for (const child of children) await killNode(child);
  await federation.remove();
});

const slipsUrl = () => `${federation.address(hospital)}/chains/${federation.care.chain}/slips`;

test("a disk that is full refuses slips with its code, loses none that was acknowledged, and goes on when there is room", async () => {
  const first = await run();
  const cert = await federation.certify(federation.care, "doctor");
  const [pid] = await federation.openVisits(["visit"]);
  await killNode(first);
  const made = (label: string) => federation.record({ pid: pid!, doctor: "doctor", cert, label });

  const crammed = await run({ fileBytes: 1_500_000 });
  const acknowledged: SlipId[] = [];
  let refusals = 0;
  // The last of a disk may hold a small block when a larger one did not fit: any number may pass in between.
  for (let i = 0; i < 2_000 && refusals < 5; i += 1) {
    const { id, bytes } = made(`${i}`);
    const { status, json } = await call(slipsUrl(), { body: bytes });
    if (status === 200) acknowledged.push(id);
    else {
      assert.equal(status, 507, JSON.stringify(json));
      assert.equal(json.error?.code, "STORAGE_FULL");
      refusals += 1;
    }
  }
  assert.ok(acknowledged.length > 10, `${acknowledged.length} slips fitted`);
  assert.equal(refusals, 5, "the disk is full");
  await killNode(crammed);

  await run();
  for (const id of acknowledged)
    assert.equal((await call(`${slipsUrl()}/${id}/proof`)).status, 200, "an acknowledged slip");
  const later = await call(slipsUrl(), { body: made("later").bytes });
  assert.equal(later.json["code"], "OK");
});
