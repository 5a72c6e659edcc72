import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fromBase64url, fromHex, sha256, toHex } from "@anamnesis/crypto/verify";
import { parseChainId, ticketDocument } from "@anamnesis/protocol";
import { authority, hospital, makeTrust, otherHospital } from "@anamnesis/testing/federation";
import { named, newId } from "@anamnesis/testing/storeCompliance";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { showing, ticketFor } from "@anamnesis/testing/tickets";
import { httpPeers } from "./peers.ts";
import { startVault } from "./vault.ts";

const care = [hospital, otherHospital];
const nowhere = "http://127.0.0.1:1";

/** A node of the authority that signs any ticket to get. */
async function startNode(t: TestContext): Promise<string> {
  const node = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { vault, object } = JSON.parse(body) as { vault: string; object: string };
      const ticket = ticketFor("get", fromBase64url(object), { vault, institution: authority });
      response.setHeader("content-type", "application/cbor");
      response.end(ticketDocument.encode(ticket));
    });
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  t.after(() => node.close());
  return `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
}

test("of() names every vault but this one, for objects of institutions' chains alone", () => {
  const peers = httpPeers(makeTrust({ care }), "vault");
  const institutions = peers.of(named(newId())).map(({ institution }) => institution);
  assert.ok(institutions.length > 0 && !institutions.includes(hospital));
  assert.deepEqual(peers.of({ id: newId(), chain: parseChainId("no-such-chain") }), []);
  assert.deepEqual(peers.of({ id: newId(), chain: parseChainId("consortium") }), []);
});

test("keep() tells what another vault has, that it has none, and that it does not answer apart", async (t) => {
  const dataDirectory = await temporaryFolder("vault-peers-");
  const config = { id: "other-vault", dataDirectory, logLevel: "silent" } as const;
  const other = await startVault({ ...config, trust: makeTrust({ care }) });
  t.after(() => other.stop());
  const node = await startNode(t);
  const peerAt = (addresses: { readonly node: string; readonly vault: string }) => {
    const trust = makeTrust({
      care,
      member: (id) => ({ address: id === authority ? addresses.node : nowhere }),
      vault: (id) => ({ address: id === "other-vault" ? addresses.vault : nowhere }),
    });
    const peers = httpPeers(trust, "vault");
    return (id: ReturnType<typeof newId>) =>
      peers.of(named(id)).find(({ institution }) => institution === otherHospital)!;
  };
  const at = peerAt({ node, vault: other.address });
  const [there, absent] = [newId(), newId()];
  const object = fromHex(there);
  const put = await fetch(`${other.address}/objects/${there}`, {
    method: "PUT",
    headers: showing(ticketFor("put", object, { vault: "other-vault" })),
    body: "sealed",
  });
  assert.equal(put.status, 200);
  const hash = await at(there).keep();
  assert.equal(toHex(hash!), toHex(sha256(Buffer.from("sealed"))));
  assert.equal(await at(absent).keep(), undefined);
  await assert.rejects(at(absent).content(), { code: "NOT_FOUND" });
  await assert.rejects(peerAt({ node, vault: nowhere })(there).keep(), { code: "UNAVAILABLE" });
  const noNode = peerAt({ node: nowhere, vault: other.address })(there);
  await assert.rejects(noNode.keep(), { code: "UNAVAILABLE" });
  await assert.rejects(noNode.content(), { code: "UNAVAILABLE" });
});
