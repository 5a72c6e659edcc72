/** What a proxy takes while its chain is away or two send at once, what its evidence says, and how it starts and ends. */
import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { bareKeyId, evidence, parseInstitutionId } from "@anamnesis/protocol";
import type { Evidence } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import { revocation } from "@anamnesis/testing/proxy/calls";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { parties } = federation;
const { nodes } = parties;
const reader = await federation.newReader("Dr. Reader");
const record = await federation.newRecord();

/** A request that a grant's own key signs, or another's. */
const get = (path: string, { keys }: Pick<MadeGrant, "keys">): Promise<Response> =>
  federation.send(1, { method: "GET", path }, bareKeyId(keys.publicKey), keys.secretKey);
const evidencePath = ({ gid }: Pick<MadeGrant, "gid">): string => `/grants/${gid}/evidence`;
async function evidenceOf(made: MadeGrant): Promise<Evidence> {
  const answer = await get(evidencePath(made), made);
  return evidence.decode(new Uint8Array(await answer.arrayBuffer()));
}
const post = async (made: MadeGrant): Promise<string> =>
  codeOf(await federation.postShares(1, await sharesFor(parties, made, 1)));

test("a grant that nobody dealt before is taken though the chain cannot be seen", async () => {
  const made = await federation.newGrant(reader, [record]);
  nodes.away.add(hospital);
  assert.equal(await post(made).finally(() => nodes.away.clear()), "OK");
});

test("the same deal that comes twice at once is taken once and refused never", async () => {
  const made = await federation.newGrant(reader, [record]);
  assert.deepEqual(await Promise.all([post(made), post(made)]), ["OK", "OK"]);
});

test("evidence lists openings by their time and then by their intents, and a receipt once there is one", async () => {
  const made = await federation.granted(reader, [record]);
  const intents = Array.from({ length: 4 }, () => federation.intent(reader, made, [record.digest]));
  const ask = async (of: readonly (typeof intents)[number][]): Promise<void> => {
    for (const intent of of) {
      const request = federation.request(made.gid, intent, [record]);
      assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, reader)), "OK");
    }
  };
  const [first, ...rest] = intents.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  await ask([first!]);
  nodes.clock.now += 1;
  await ask(rest);
  const told = await evidenceOf(made);
  assert.deepEqual(
    told.intents.map(({ intent }) => toHex(intent)),
    [first!.id, ...rest.map(({ id }) => id).toSorted()],
  );
  assert.equal(told.receipt, null);
  await federation.erase(1, made.gid, revocation(parties, made).bytes);
  assert.notEqual((await evidenceOf(made)).receipt, null);
});

test("evidence, and what was turned away, is for the grant's own key alone", async () => {
  const [made, unheld] = [
    await federation.granted(reader, [record]),
    await federation.newGrant(reader, [record]),
  ];
  const denied = (hash: string): string => `/grants/${made.gid}/denied/${hash}`;
  const unkept = toHex(randomBytes(32));
  assert.equal(await codeOf(await get(evidencePath(made), unheld)), "FORBIDDEN");
  assert.equal(await codeOf(await get(evidencePath(unheld), unheld)), "GRANT_NOT_HELD");
  assert.equal(await codeOf(await get(evidencePath(made), made)), "OK");
  assert.equal(await codeOf(await get(denied(unkept), unheld)), "FORBIDDEN");
  assert.equal(await codeOf(await get(denied(unkept), made)), "NOT_FOUND");
});

test("startProxy() starts none that genesis does not name so", async (t) => {
  const own = await ProxyFederation.start([]);
  t.after(() => own.stop());
  const elsewhere = { institution: parseInstitutionId("city-hospital") };
  await assert.rejects(own.run(1, elsewhere), { code: "BAD_REQUEST" });
  await assert.rejects(own.run(1, { index: 2 }), { code: "BAD_REQUEST" });
  await own.run(1);
});

/** How many worker threads this process has. */
function threads(): number {
  Object.assign(process.report, { excludeNetwork: true }); // Else it asks for the names of all peers.
  const { workers } = process.report.getReport() as { readonly workers: readonly unknown[] };
  return workers.length;
}

/** A node that takes what is posted only after a while. */
async function slowly(t: TestContext, address: string): Promise<string> {
  const node = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
      const { method = "GET", url = "/" } = request;
      const headers = { "content-type": request.headers["content-type"] ?? "" };
      setTimeout(
        () =>
          void fetch(`${address}${url}`, { method, headers, ...body }).then(async (answer) => {
            const type = answer.headers.get("content-type") ?? "";
            response.writeHead(answer.status, { "content-type": type });
            response.end(Buffer.from(await answer.arrayBuffer()));
          }),
        method === "POST" ? 500 : 0,
      );
    });
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    node.closeAllConnections();
    node.close();
  });
  return `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
}

test("a proxy that is stopped has told the patient who tried, and lets go of all that it held", async (t) => {
  const own = await ProxyFederation.start([]);
  t.after(() => own.stop());
  const before = threads();
  const nodeAddress = `${await slowly(t, own.parties.nodes.address)}/${hospital}`;
  const stop = await own.run(1, { nodeAddress });
  const who = await own.newReader("Dr. Reader");
  const [granted, other] = [await own.newRecord(), await own.newRecord()];
  const made = await own.granted(who, [granted]);
  assert.equal(await codeOf(await own.open(1, who, made, [other])), "TAG_NOT_GRANTED");
  await stop();
  assert.ok(threads() <= before, "the one that judged shares has ended");
  assert.deepEqual(
    own.parties.nodes.posted.map(({ kind }) => kind),
    ["usage.denied"],
  );
  await assert.rejects(fetch(own.addresses.get(1)!));
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  const folder = own.parties.dataDirectories.get(1)!;
  assert.deepEqual(
    links.filter((link) => link.startsWith(folder)),
    [],
  );
});
