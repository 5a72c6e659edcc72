/** Attacks 7 and 8: a proxy that invents denials, and outsiders who read. The world is that of attacks.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as patient from "@anamnesis/client/patient";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import { consortiumOf, limits, makeSlip, memberOf, nodeRoutes } from "@anamnesis/protocol";
import type { DenialCode, RequestSigner } from "@anamnesis/protocol";
import { dataDirectoryOf } from "../../apps/host/src/dataDirectories.ts";
import { readKeys } from "../../apps/proxy/src/dataDirectory.ts";
import { bareCaller, certifiedCaller } from "../../packages/client/src/caller.ts";
import { grantKey } from "../../packages/client/src/patient/grants.ts";
import { refusalOf } from "./attackTools.ts";
import {
  alice,
  byCategory,
  colleague,
  honest,
  blood,
  people,
  reader,
  stranger,
} from "./attackWorld.ts";

/** What the chain says to a denial that proxy 1 makes up: its keys, its node, no reader who asked. */
async function denies(who: Session, code: string): Promise<string> {
  const { chain, consortium } = consortiumOf(people.trust);
  const { index, institution } = consortium.proxies[0]!;
  const { signing } = await readKeys(dataDirectoryOf(people.dir, institution, "proxy"));
  const { fingerprint } = await who.device.certificate();
  const time = Date.now();
  const { bytes } = makeSlip(
    "usage.denied",
    { chain, time, notAfter: time + limits.clientNotAfterMs },
    {
      proxy: index,
      gid: fromHex(byCategory),
      cert: fromHex(fingerprint),
      code: code as DenialCode,
      evidence: randomBytes(32),
    },
    (type, message) => sign({ type, message, secretKey: signing.secretKey }),
  );
  const posted = alice.network.node(institution).submit(chain, bytes);
  return posted.then(
    () => "OK",
    (error: { code: string }) => error.code,
  );
}

const denials = async () =>
  (await patient.accessLog(alice)).flatMap((entry) => (entry.what === "denied" ? [entry] : []));

/** Registers the attacks of who is not asked. */
export function outsiders(): void {
  test("attack 7: a denial that a proxy invents is shown as its own word, once a minute, and of no code but those listed", async () => {
    assert.equal(await denies(colleague, "THE_READER_IS_A_THIEF"), "SLIP_MALFORMED");
    assert.equal(await denies(colleague, "TAG_NOT_GRANTED"), "OK");
    const again = await denies(colleague, "TAG_NOT_GRANTED");
    // The minute is that of the block's time, and may have ended in between.
    assert.ok(["DENIED_TOO_OFTEN", "OK"].includes(again), again);
    const third = again === "OK" ? await denies(colleague, "TAG_NOT_GRANTED") : again;
    assert.equal(third, "DENIED_TOO_OFTEN");
    const seen = async () => (await denials()).filter(({ who }) => who.name === "dr-colleague");
    for (let tries = 0; (await seen()).length === 0; tries++) {
      assert.ok(tries < 20, "the denial did not reach the patient's node");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const { checked, proxy } of await seen())
      assert.deepEqual(
        [checked, proxy],
        [false, consortiumOf(people.trust).consortium.proxies[0]!.index],
      );
  });

  test("attack 8: an outsider reads no blocks, and of a grant's use nothing but their own", async () => {
    await honest(blood, byCategory);
    const outsider = await certifiedCaller(stranger.device);
    const bare = bareCaller((await stranger.device.keys()).signing);
    for (const { chain, members } of people.trust.chains)
      for (const { id } of members) {
        const node = new Part("node", memberOf(consortiumOf(people.trust), id).address);
        const blocks = async (caller: RequestSigner | undefined): Promise<string> =>
          refusalOf(
            node.call(nodeRoutes.getBlocks, { params: { chain }, caller: caller as RequestSigner }),
          );
        assert.equal(await blocks(undefined), "SIGNATURE_REQUIRED");
        assert.equal(await blocks(outsider), "FORBIDDEN");
        assert.equal(await blocks(bare), "FORBIDDEN");
      }
    const { chain } = consortiumOf(people.trust);
    const usage = async (caller: RequestSigner): Promise<readonly string[]> => {
      const node = alice.network.node("general-hospital");
      return (await node.grantUsage(chain, byCategory, undefined, caller)).usage.map(
        (used) => used.reader,
      );
    };
    const own = async (who: Session): Promise<string> =>
      (await who.device.certificate()).fingerprint;
    assert.equal(
      await refusalOf(usage(undefined as unknown as RequestSigner)),
      "SIGNATURE_REQUIRED",
    );
    assert.equal(await refusalOf(usage(bare)), "FORBIDDEN");
    const byReader = await usage(await certifiedCaller(reader.device));
    assert.ok(byReader.length > 0);
    assert.deepEqual(new Set(byReader), new Set([await own(reader)]));
    const byStranger = await usage(outsider);
    assert.ok(!byStranger.includes(await own(reader)));
    const given = await alice.device.items.get("grantGiven", byCategory);
    const byPatient = await usage(bareCaller(grantKey(alice, given!)));
    assert.ok(byPatient.length > byReader.length, "the patient sees everybody's");
  });
}
