import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { rm } from "node:fs/promises";
import { afterEach, beforeEach, test } from "node:test";
import { decodeCanonical, encodeCanonical, fromHex, toHex } from "@anamnesis/crypto/verify";
import { certifyEntry, decodeCertified, decodeHead, encodeCertified } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { authority, hospital } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call } from "@anamnesis/testing/requests";
import { until } from "@anamnesis/testing/until";
import { chainFolder } from "./dataDirectory.ts";

let federation: NodeFederation;
let care: Genesis;
let doctor: Uint8Array;
let pid: Uint8Array;
let first: MadeSlip;

beforeEach(async () => {
  federation = await NodeFederation.make({ members: [hospital, authority] });
  ({ care } = federation);
  await federation.start(hospital);
  doctor = await federation.certify(care, "doctor");
  pid = await federation.openVisit("visit");
  first = record("first");
  await federation.accepted(hospital, care, first);
});
afterEach(() => federation.remove());

function record(label: string): MadeSlip {
  return federation.record({ pid, doctor: "doctor", cert: doctor, label });
}

/** The patient confirms the first record: what any member may carry. */
function confirmation(): MadeSlip {
  const key = keyOf("visit");
  const fields = {
    key: key.publicKey,
    record: fromHex(first.id),
    digest: bytesOf("digest first"),
  };
  return federation.slip(care, "record.confirm", fields, key);
}

async function chainAt(institution: string): Promise<{ height: number; fault?: string }> {
  const { json } = await call(`${federation.address(institution)}/chains`);
  const chains = json["chains"] as { chain: string; height: number; fault?: string }[];
  return chains.find(({ chain }) => chain === care.chain)!;
}

/** Both members are equally high and, there, of one app hash (I2). */
async function agreed(): Promise<void> {
  const { height } = await chainAt(hospital);
  await until(
    `the follower is at height ${height}`,
    async () => (await chainAt(authority)).height >= height,
  );
  const hashes = await Promise.all(
    [hospital, authority].map(async (institution) => {
      const { bytes } = await federation.get(institution, care, `heads/${height}`);
      return toHex(decodeHead(bytes).appHash);
    }),
  );
  assert.equal(hashes[0], hashes[1]);
}

/** In place of the hospital's node, which has been stopped: answers as it is told. */
async function impostor(answer: (url: string, reply: ServerResponse) => void) {
  const server = createServer((request, reply) => {
    request.resume();
    answer(request.url ?? "", reply);
  });
  server.listen(Number(new URL(federation.address(hospital)).port), "127.0.0.1");
  await once(server, "listening");
  return {
    stop: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

test("I2: a follower whose data directory is lost catches up by itself", async () => {
  await federation.start(authority);
  await agreed();
  await federation.stop(authority);
  const { dataDirectory } = federation.config(authority);
  for (const { chain } of federation.genesisOf(authority))
    await rm(chainFolder(dataDirectory, chain), { recursive: true });
  await federation.accepted(hospital, care, record("meanwhile"));
  await federation.start(authority);
  await agreed();
  assert.equal((await federation.get(authority, care, `slips/${first.id}`)).status, 200);
});

test("a follower that stalls serves heads and reads, takes nothing, and goes on when its writer is back", async () => {
  await federation.start(authority);
  await agreed();
  await federation.stop(hospital);
  const slip = confirmation();
  const refused = await federation.post(authority, care, slip.bytes);
  assert.deepEqual([refused.status, refused.json.error?.code], [503, "WRITER_AWAY"]);
  assert.equal(refused.headers.get("retry-after"), "1");
  const head = decodeHead((await federation.get(authority, care, "head")).bytes);
  assert.ok(Date.now() - head.time < 5_000);
  assert.equal((await federation.get(authority, care, `slips/${first.id}/proof`)).status, 200);
  await federation.start(hospital);
  await federation.accepted(authority, care, slip);
  await agreed();
});

test("a writer that breaks off, answers nonsense or fails stalls its followers, and stops none", async () => {
  await federation.start(authority);
  await agreed();
  await federation.stop(hospital);
  const answers: ((reply: ServerResponse) => void)[] = [
    (reply) => {
      reply.writeHead(200, { "content-length": "1000" });
      reply.write("half");
      setTimeout(() => reply.destroy(), 5);
    },
    (reply) => void reply.end("no CBOR"),
    (reply) => void reply.end(encodeCanonical({ blocks: 1 })),
    (reply) => void reply.end(encodeCanonical([Uint8Array.of(1, 2, 3)])),
    (reply) => void reply.writeHead(502).end("<html>Bad gateway</html>"),
    (reply) => void reply.destroy(),
  ];
  let asked = 0;
  const nonsense = await impostor((url, reply) => {
    if (!url.includes(`/${care.chain}/`)) {
      reply.destroy();
      return;
    }
    answers[asked % answers.length]!(reply);
    asked += 1;
  });
  await until("it got every answer", () => asked >= 2 * answers.length);
  const refused = await federation.post(authority, care, confirmation().bytes);
  assert.ok(refused.status >= 400, "nonsense is no acknowledgement");
  assert.notEqual(refused.status, 500);
  await nonsense.stop();
  assert.equal((await chainAt(authority)).fault, undefined);
  await federation.start(hospital);
  await federation.accepted(hospital, care, record("afterwards"));
  await agreed();
});

test("APP_HASH_MISMATCH: a follower offered another state stops loudly, reads on, and follows an honest writer again", async () => {
  const { bytes } = await federation.getSigned(hospital, care, "blocks?after=0");
  const blocks = decodeCanonical(bytes) as Uint8Array[];
  await federation.stop(hospital);
  const last = decodeCertified(blocks.at(-1)!);
  const { signing } = federation.keys.get(hospital)!;
  const lie = certifyEntry(
    last.entry,
    { ...last.certificate, appHash: bytesOf("another state") },
    signer(signing),
  );
  const liar = await impostor((url, reply) => {
    if (!url.includes(`/${care.chain}/blocks`)) {
      reply.destroy();
      return;
    }
    const after = Number(new URL(url, "http://writer.example").searchParams.get("after"));
    reply.end(encodeCanonical([...blocks.slice(0, -1), encodeCertified(lie)].slice(after)));
  });
  await federation.start(authority);
  await until("it stops", async () => (await chainAt(authority)).fault !== undefined);
  const { fault, height } = await chainAt(authority);
  assert.match(fault!, /app hash mismatch/);
  assert.equal(height, last.entry.height - 1);
  for (const path of ["head", `heads/${height}`]) {
    const { status, json } = await federation.get(authority, care, path);
    assert.deepEqual([status, json.error?.code], [503, "UNAVAILABLE"], path);
  }
  const proof = await federation.get(authority, care, `state/keys/${toHex(doctor)}/proof`);
  assert.equal(proof.status, 503);
  assert.equal((await federation.post(authority, care, confirmation().bytes)).status, 503);
  assert.equal((await call(`${federation.address(authority)}/health`)).status, 503);
  assert.equal(
    (await federation.get(authority, care, `certificates/${toHex(doctor)}`)).status,
    200,
  );
  await federation.stop(authority);
  await liar.stop();
  await federation.start(hospital);
  await federation.start(authority);
  await agreed();
});

test("H-2: a slip sent again after its answer got lost stands on the chain once", async () => {
  const slip = record("lost answer");
  const body = Buffer.from(slip.bytes);
  const socket = connect(Number(new URL(federation.address(hospital)).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    `POST /chains/${care.chain}/slips HTTP/1.1\r\nhost: node\r\ncontent-type: application/cbor\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  socket.write(body, () => socket.destroy());
  await until(
    "it is on the chain",
    async () => (await federation.get(hospital, care, `slips/${slip.id}`)).status === 200,
  );
  const again = await federation.post(hospital, care, slip.bytes);
  assert.deepEqual([again.status, again.json.error?.code], [409, "REPLAYED"]);
  const tag = toHex(bytesOf("tag lost answer", 16));
  const { json } = await federation.get(hospital, care, `records?tag=${tag}`);
  assert.equal((json["records"] as object[]).length, 1);
});

test("a slow body holds nobody up and is taken in the end; one that breaks off leaves nothing", async () => {
  const send = async (slip: MadeSlip) => {
    const socket = connect(Number(new URL(federation.address(hospital)).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      `POST /chains/${care.chain}/slips HTTP/1.1\r\nhost: node\r\nconnection: close\r\ncontent-type: application/cbor\r\ncontent-length: ${slip.bytes.length}\r\n\r\n`,
    );
    socket.write(slip.bytes.subarray(0, 100));
    return socket;
  };
  const slow = record("slow");
  const broken = record("broken off");
  const sockets = await Promise.all([send(slow), send(broken)]);
  await federation.accepted(hospital, care, record("beside"));
  sockets[1].destroy();
  let answer = "";
  sockets[0].on("data", (chunk) => (answer += String(chunk)));
  sockets[0].write(slow.bytes.subarray(100));
  await once(sockets[0], "end");
  assert.match(answer, /^HTTP\/1\.1 200/);
  assert.equal((await federation.get(hospital, care, `slips/${slow.id}`)).status, 200);
  assert.equal((await federation.get(hospital, care, `slips/${broken.id}`)).status, 404);
});

test("H-2: beyond its quota a node answers 507, reads on, and keeps what it acknowledged", async () => {
  await federation.stop(hospital);
  await federation.start(hospital, { quotaBytes: 1 });
  const refused = await federation.post(hospital, care, record("no room").bytes);
  assert.deepEqual([refused.status, refused.json.error?.code], [507, "STORAGE_FULL"]);
  const batch = await federation.batch(hospital, care, [record("no room").bytes]);
  assert.equal(batch.status, 507);
  for (const path of ["head", `slips/${first.id}`, `slips/${first.id}/proof`])
    assert.equal((await federation.get(hospital, care, path)).status, 200, path);
  await federation.stop(hospital);
  await federation.start(hospital);
  await federation.accepted(hospital, care, record("room again"));
});
