/** A grant over some of the federation's proxies, whose indices have a gap (k = 2). */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openWith } from "@anamnesis/crypto/box";
import { checkedGrant, openAsReader } from "@anamnesis/crypto/open";
import { fromHex, grantContext, toHex } from "@anamnesis/crypto/verify";
import { grantSecret, hpkeInfo, proxyIndices } from "@anamnesis/protocol";
import { answerItems } from "@anamnesis/testing/proxy/calls";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { sharesFor } from "@anamnesis/testing/proxy/grants";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1, 2, 3, 4], {}, { k: 2 });
after(() => federation.stop());
const reader = await federation.newReader("Dr. Reader");
const record = await federation.newRecord();
const { proxies } = federation.parties.consortium.genesis.consortium!;
const chosen = proxies
  .filter(({ index }) => index !== 3)
  .map(({ index, institution }) => ({ index, institution }));
const made = await federation.granted(reader, [record], { proxies: chosen });

test("any k of the proxies that a grant lists open it", async () => {
  const { X, tags } = grantSecret.decode(
    await openWith({
      secretKey: reader.box.secretKey,
      info: hpkeInfo.grant,
      aad: grantContext(made.bytes),
      sealed: made.sealed,
    }),
  );
  const grant = checkedGrant({
    grant: made.bytes,
    gid: fromHex(made.gid),
    k: made.grant.k,
    indices: proxyIndices(made.grant),
    X,
    tags: made.grant.tags.map(({ tag, pid }, t) => ({ tag, pid, ...tags[t]! })),
    commitments: made.dealt.commitments,
  });
  const intent = federation.intent(reader, made, [record.digest], { proxies: [1, 2, 4] });
  const request = federation.request(made.gid, intent, [record]);
  const replies = await Promise.all(
    [1, 2, 4].map(async (index) => {
      const answer = await federation.ask(index, "/reencrypt", request, reader);
      const sealed = new Uint8Array(await answer.arrayBuffer());
      const [reply] = await answerItems(index, "shares", request, reader, sealed);
      return { index, reply: reply! };
    }),
  );
  const { header, headerHash: ctx, capsules } = record;
  const opened = await Promise.all(
    replies.map(async (_, left) => {
      const two = replies.filter((__, at) => at !== left);
      return toHex(await openAsReader({ grant, record: { header, ctx, capsules }, replies: two }));
    }),
  );
  assert.equal(new Set(opened).size, 1);
});

test("a proxy that a grant does not list takes no shares of it, and answers nobody", async () => {
  const body = await sharesFor(federation.parties, made, 4, { index: 3 }, {}, 3);
  assert.equal(await codeOf(await federation.postShares(3, body)), "BAD_REQUEST");
  assert.equal(await codeOf(await federation.open(3, reader, made, [record])), "GRANT_NOT_HELD");
});
