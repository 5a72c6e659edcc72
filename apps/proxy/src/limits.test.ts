import assert from "node:assert/strict";
import { after, test } from "node:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256, toHex } from "@anamnesis/crypto/verify";
import { readCertificate } from "@anamnesis/protocol";
import {
  byRelative,
  delegationOver,
  endingKey,
  signDelegation,
} from "@anamnesis/testing/proxy/delegations";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
import { sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import type { ProxyConfig } from "./proxy.ts";

const federation = await ProxyFederation.start([]);
after(() => federation.stop());
const { parties } = federation;
const reader = await federation.newReader("Dr. Reader");
const records = [await federation.newRecord()];
const others = [await federation.newRecord()];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const post = async (made: MadeGrant): Promise<string> =>
  codeOf(await federation.postShares(1, await sharesFor(parties, made, 1)));
const newGrant = (): Promise<MadeGrant> =>
  federation.newGrant(reader, records, { notAfter: federation.now + 24 * HOUR_MS });

/** Runs proxy 1 with other limits for the time of a test. */
async function withProxy(config: Partial<ProxyConfig>, run: () => Promise<void>): Promise<void> {
  const stop = await federation.run(1, config);
  try {
    await run();
  } finally {
    await stop();
  }
}

test("a patient deals so many grants in an hour; the same one again costs nothing", () =>
  withProxy({ grantsPerHour: 2 }, async () => {
    const [first, second, third] = [await newGrant(), await newGrant(), await newGrant()];
    assert.deepEqual([await post(first), await post(second)], ["OK", "OK"]);
    const refused = await federation.postShares(1, await sharesFor(parties, third, 1));
    assert.deepEqual([refused.status, await codeOf(refused)], [429, "RATE_LIMITED"]);
    assert.equal(await post(first), "OK");
    parties.nodes.clock.now += HOUR_MS;
    assert.equal(await post(third), "OK");
  }));

test("a patient's grants of an hour have so many tags in all", () =>
  withProxy({ tagsPerHour: 3 }, async () => {
    const both = (): Promise<MadeGrant> => federation.newGrant(reader, [...records, ...others]);
    const [first, second] = [await both(), await both()];
    assert.deepEqual([await post(first), await post(second)], ["OK", "RATE_LIMITED"]);
    assert.equal(await post(await newGrant()), "OK");
    parties.nodes.clock.now += HOUR_MS;
    assert.equal(await post(await both()), "OK");
  }));

/** A relative's grant over these records, under a delegation of the patient's. */
async function postAsRelative(of: typeof records): Promise<string> {
  const revoker = sha256(endingKey.publicKey);
  const notAfter = federation.now + 12 * HOUR_MS;
  const made = await federation.newGrant(reader, of, { revoker, notAfter });
  const by = byRelative(made, signDelegation(parties, delegationOver(parties, of), of));
  return codeOf(await federation.postShares(1, await sharesFor(parties, made, 1, { by })));
}

test("what a relative deals counts among the patient's, who vouched for them", () =>
  withProxy({ grantsPerHour: 2 }, async () => {
    assert.equal(await postAsRelative(records), "OK");
    assert.equal(await post(await newGrant()), "OK");
    assert.equal(await postAsRelative(others), "RATE_LIMITED");
  }));

test("H-52: a proxy's data directory is one proxy's", () =>
  withProxy({}, () => assert.rejects(federation.run(1), { code: "ALREADY_RUNNING" })));

test("so many packages are taken from one origin in a minute, whatever is in them", () =>
  withProxy({ packagesPerMinute: 3 }, async () => {
    const made = await newGrant();
    for (let i = 0; i < 3; i++)
      assert.notEqual(
        await codeOf(await federation.postShares(1, Uint8Array.of(i))),
        "RATE_LIMITED",
      );
    assert.equal(await post(made), "RATE_LIMITED");
    parties.nodes.clock.now += MINUTE_MS;
    assert.equal(await post(made), "OK");
  }));

test("a proxy that has no room for a grant refuses it and keeps nothing of it", () =>
  withProxy({ quotaBytes: 1_000 }, async () => {
    const made = await newGrant();
    const refused = await federation.postShares(1, await sharesFor(parties, made, 1));
    assert.deepEqual([refused.status, await codeOf(refused)], [507, "STORAGE_FULL"]);
    const keys = await readdir(join(parties.dataDirectories.get(1)!, "store", "shareKeys"));
    assert.equal(keys.includes(made.gid), false);
  }));

test("a patient whose certificate is revoked grants nothing more, a minute later at the latest", async (t) => {
  const { registry, office, certificates, nodes, trust } = parties;
  const { serial } = readCertificate(certificates.patient, trust.chains[0]!.cas);
  const [before, later] = [await newGrant(), await newGrant()];
  await withProxy({}, async () => {
    assert.equal(await post(before), "OK");
    const pardon = office.revoke({ serial: toHex(serial) }, { time: nodes.clock.now });
    nodes.clock.now += MINUTE_MS + 1;
    assert.equal(await post(later), "CERTIFICATE_NOT_LIVE");
    assert.equal(await postAsRelative(records), "CERTIFICATE_NOT_LIVE");
    pardon();
  });
  await t.test("and nobody does without a list that is in date", () =>
    withProxy({}, async () => {
      const { lists } = registry;
      registry.lists = undefined;
      assert.equal(await post(later), "UNAVAILABLE");
      registry.lists = lists;
      assert.equal(await post(later), "OK");
    }),
  );
});

test("I5: nothing that a proxy keeps joins two grants of a patient by the certificate behind them", async () => {
  const dataDirectory = parties.dataDirectories.get(1)!;
  const { patient } = parties.certificates;
  const { serial, signingKey } = readCertificate(patient, parties.trust.chains[0]!.cas);
  const secrets = [patient, serial, signingKey, sha256(patient), sha256(signingKey)].flatMap(
    (bytes) => [Buffer.from(bytes), Buffer.from(toHex(bytes))],
  );
  const gids = new Set<string>();
  for (const made of [await newGrant(), await newGrant()]) {
    await withProxy({}, async () => assert.equal(await post(made), "OK"));
    gids.add(made.gid);
  }
  let kept = 0;
  for (const entry of await readdir(dataDirectory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const gid of gids)
      if (bytes.includes(gid) || bytes.includes(Buffer.from(gid, "hex"))) kept++;
    for (const secret of secrets)
      assert.equal(bytes.includes(secret), false, `${entry.name} holds what joins grants`);
  }
  assert.ok(kept >= gids.size, "the search found not even the grants");
});
