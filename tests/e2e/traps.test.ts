/** Traps that systems of this kind have fallen into, T1 to T13 of docs/promises.md: those that no room's own test holds. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { MemoryBlobDir, createDevice } from "@anamnesis/client";
import { makeKeys } from "@anamnesis/client/person";
import { visitSigningKey } from "@anamnesis/crypto/patientKeys";
import { randomBytes, ready, toHex } from "@anamnesis/crypto/verify";
import { bareKeyId } from "@anamnesis/protocol";
import { initDataDirectory as initNode } from "../../apps/node/src/dataDirectory.ts";
import { initDataDirectory as initProxy } from "../../apps/proxy/src/dataDirectory.ts";
import { initDataDirectory as initRegistry } from "../../apps/registry/src/dataDirectory.ts";
import { keyOf } from "@anamnesis/testing/keys";
import { revocation } from "@anamnesis/testing/proxy/calls";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
import { temporaryFolder } from "./anamnesis.ts";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const reader = await federation.newReader("Dr. Reader");
const stranger = await federation.newReader("Dr. Stranger");
const record = await federation.newRecord();

test("T2: no two data directories, persons or grants share a key", async (t) => {
  await ready();
  await t.test("data directories made alike", async () => {
    const folder = await temporaryFolder();
    try {
      for (const name of ["one", "other"]) {
        const dataDirectory = (app: string): string => join(folder.path, name, app);
        await initNode(dataDirectory("node"));
        await initProxy(dataDirectory("proxy"));
        await initRegistry(dataDirectory("registry"), {
          keyFile: dataDirectory("secret/registry.key"),
        });
      }
      // A node has keys to sign, to vote and to be sealed to; a registry two to be sealed to.
      assertDistinct(secretsIn(folder.path), 2 * (3 + 2 + 6));
    } finally {
      await folder.remove();
    }
  });

  await t.test("devices of one name, demo devices too", async () => {
    const secrets: Uint8Array[] = [];
    for (const protection of [
      { demo: true },
      { demo: true },
      { passphrase: "the same" },
    ] as const) {
      const person = makeKeys({ role: "patient", name: "maria", institution: "general-hospital" });
      const device = await createDevice(new MemoryBlobDir(), person, protection);
      const { signing, box } = await device.keys();
      const visits = [randomBytes(16), randomBytes(16)].map(
        (visitSalt) => visitSigningKey({ seed: device.seed, visitSalt }).secretKey,
      );
      secrets.push(device.seed, signing.secretKey, box.secretKey, ...visits);
    }
    assertDistinct(secrets, 15);
  });

  await t.test("grants of one record to one reader", async () => {
    const grants = [
      await federation.newGrant(reader, [record]),
      await federation.newGrant(reader, [record]),
    ];
    const secrets = grants.flatMap(({ keys, dealt }) => [
      keys.secretKey,
      ...dealt.shares.flatMap(({ replyKey, points }) => [replyKey, ...points]),
    ]);
    assertDistinct(secrets, 2 * (1 + 4 * 2));
  });
});

test("T8: a proxy answers a stranger alike, whether a grant exists or not", async () => {
  const made = await federation.granted(reader, [record]);
  const intent = federation.intent(reader, made, [record.digest]);
  const request = federation.request(made.gid, intent, [record]);
  assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, reader)), "OK");
  const absent = randomBytes(32);
  for (const path of ["/reencrypt", "/proofs"]) {
    const held = await answer(federation.ask(1, path, request, stranger));
    assert.match(held, /GRANT_NOT_HELD/);
    assert.equal(
      await answer(federation.ask(1, path, { ...request, gid: absent }, stranger)),
      held,
    );
  }
  const somebody = keyOf("somebody");
  const { publicKey, secretKey } = somebody;
  const alike = async (
    ask: (gid: string) => Promise<Response>,
    code = /FORBIDDEN/,
  ): Promise<void> => {
    const [held, none] = [made.gid, toHex(absent)].map((gid) => answer(ask(gid)));
    assert.match((await held)!, code);
    assert.equal(await none, await held);
  };
  for (const rest of ["evidence", `denied/${toHex(absent)}`])
    await alike((gid) => {
      const request = { method: "GET", path: `/grants/${gid}/${rest}` };
      return federation.send(1, request, bareKeyId(publicKey), secretKey);
    });
  const own = revocation(federation.parties, { keys: somebody }).bytes;
  await alike((gid) => federation.erase(1, gid, own));
  const theirs = (gid: string) => revocation(federation.parties, { gid, keys: somebody }).bytes;
  await alike((gid) => federation.erase(1, gid, theirs(gid)), /NOT_THE_REVOKER/);
});

/** What key files hold: themselves, or the strings of their JSON that are as long as a key. */
function secretsIn(folder: string): Uint8Array[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.key$|keys\.json$/.test(entry.name))
    .flatMap((entry): Uint8Array[] => {
      const content = readFileSync(join(entry.parentPath, entry.name));
      if (!entry.name.endsWith(".json")) return [content];
      const values = Object.values(JSON.parse(content.toString()) as Record<string, unknown>);
      return values.flatMap((value) =>
        typeof value === "string" ? [Buffer.from(value, "base64url")] : [],
      );
    });
}

function assertDistinct(secrets: readonly Uint8Array[], count: number): void {
  assert.equal(secrets.length, count);
  assert.ok(secrets.every(({ length }) => length >= 32));
  assert.equal(new Set(secrets.map(toHex)).size, count, "two secrets are the same");
}

const answer = async (sent: Promise<Response>): Promise<string> => {
  const response = await sent;
  return `${response.status} ${await response.text()}`;
};
