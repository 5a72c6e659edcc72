import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { findCertificate } from "@anamnesis/ledger";
import { parseFingerprint } from "@anamnesis/protocol";
import { RateLimit } from "@anamnesis/server";
import { hospital } from "@anamnesis/testing/federation";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";
import { consortiumOverHttp } from "./consortium.ts";
import type { Denials } from "./denials.ts";
import { ReadGrants } from "./readGrants.ts";
import { reencrypt } from "./release.ts";
import type { ReleaseDeps } from "./release.ts";
import { ProxyStore } from "./store.ts";

test("shares that are erased while a request is checked are not used for it", async (t) => {
  const own = await ProxyFederation.start([]);
  t.after(() => own.stop());
  const stop = await own.run(1);
  const who = await own.newReader("Dr. Reader");
  const target = await own.newRecord();
  const made = await own.granted(who, [target]);
  assert.equal(await codeOf(await own.open(1, who, made, [target])), "OK");
  await stop();

  const { consortium: chain, nodes: fakes, trust, dataDirectories: folders } = own.parties;
  const store = new ProxyStore(join(folders.get(1)!, "store"));
  t.after(() => store.close());
  const seen = consortiumOverHttp({
    genesis: chain.genesis,
    institution: hospital,
    nodeAddress: `${fakes.address}/${hospital}`,
    now: () => own.now,
  });
  let beforeAnswer = async (): Promise<void> => undefined;
  const deps: ReleaseDeps = {
    store,
    grants: new ReadGrants((gid) => store.document(gid)),
    consortium: {
      ...seen,
      grant: async (gid) => {
        const view = await seen.grant(gid);
        await beforeAnswer();
        return view;
      },
    },
    denials: { post: () => undefined } as unknown as Denials,
    trust,
    index: 1,
    rate: new RateLimit({ most: 100, periodMs: 60_000, what: "records" }),
    now: () => own.now,
  };
  const signed = {
    v: 1,
    method: "POST",
    authority: "proxy.example",
    path: "/",
    contentDigest: "",
    input: "",
    signature: "",
  } as const;
  const ask = () =>
    reencrypt(deps, {
      request: own.request(made.gid, own.intent(who, made, [target.digest]), [target]),
      reader: toHex(who.fingerprint),
      signed,
      certificate: findCertificate(chain.state, parseFingerprint(toHex(who.fingerprint)))!,
    });
  assert.ok((await ask()).length > 0);
  assert.equal(store.share(made.gid, 0).commitments.length, 3);
  beforeAnswer = () => store.putErased(made.gid, { ...store.grant(made.gid)!, erasedAt: own.now });
  await assert.rejects(ask(), { code: "GRANT_NOT_LIVE" });
  assert.throws(() => store.share(made.gid, 0), { code: "STORE_CORRUPT" });
});
