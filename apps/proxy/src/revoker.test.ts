/** The second key that may end a grant, at a proxy. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { erasureReceipt } from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { revocation } from "@anamnesis/testing/proxy/calls";
import { revokerKeyOf, sharesFor } from "@anamnesis/testing/proxy/grants";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { parties } = federation;
const reader = await federation.newReader("Dr. Reader");
const record = await federation.newRecord();

/** What the proxy says to a revocation of a grant that some key signed and shows. */
const revokedBy = (made: Pick<MadeGrant, "gid" | "keys">, by: SigningKeypair) =>
  federation.erase(1, made.gid, revocation(parties, made, {}, by).bytes);
const stranger = keyOf("somebody");
const opened = async (made: MadeGrant): Promise<string> =>
  codeOf(await federation.open(1, reader, made, [record]));

test("POST erase stops and erases on the word of the revoker that the grant names", async () => {
  const made = await federation.granted(reader, [record]);
  const said = async () => {
    const answer = await revokedBy(made, revokerKeyOf(made));
    assert.equal(answer.status, 200);
    return erasureReceipt.decode(new Uint8Array(await answer.arrayBuffer()));
  };
  const receipt = await said();
  federation.parties.nodes.clock.now += 1_000;
  assert.deepEqual(await said(), receipt, "once");
  assert.equal(await opened(made), "GRANT_NOT_LIVE");
  const again = await sharesFor(parties, made, 1);
  assert.equal(await codeOf(await federation.postShares(1, again)), "OK");
  assert.equal(await opened(made), "GRANT_NOT_LIVE", "the same package revives nothing");
});

test("POST erase does nothing on the word of any other key, and does not say whether it holds the grant", async () => {
  const made = await federation.granted(reader, [record]);
  const other = await federation.granted(reader, [record]);
  const unheld = await federation.newGrant(reader, [record]);
  for (const grant of [made, unheld])
    for (const key of [stranger, other.keys, revokerKeyOf(other)])
      assert.equal(await codeOf(await revokedBy(grant, key)), "NOT_THE_REVOKER");
  assert.equal(await codeOf(await revokedBy(unheld, revokerKeyOf(unheld))), "NOT_THE_REVOKER");
  assert.equal(await opened(made), "OK");
});

test("who deals under another's gid and ends that deal as its revoker keeps the owner's deal out of nothing", async () => {
  const own = await federation.newGrant(reader, [record]);
  const squatting = await federation.newGrant(reader, [record], { key: own.keys.publicKey });
  const squatter = { ...squatting, gid: own.gid };
  const post = async (made: MadeGrant) =>
    codeOf(await federation.postShares(1, await sharesFor(parties, made, 1)));
  assert.equal(await post(squatter), "OK");
  assert.equal((await revokedBy(own, revokerKeyOf(squatting))).status, 200);
  federation.publish(own);
  assert.equal(await post(own), "OK");
  assert.equal(await opened(own), "OK");
  assert.equal(await codeOf(await revokedBy(own, revokerKeyOf(squatting))), "NOT_THE_REVOKER");
  assert.equal(await opened(own), "OK");
});
