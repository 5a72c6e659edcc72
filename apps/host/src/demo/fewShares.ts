/** A reader who asks fewer proxies than k, and computes with what came as if it were enough. */
import { openWith } from "@anamnesis/crypto/box";
import { checkedGrant, openAsReader } from "@anamnesis/crypto/open";
import { BYTES, decodeHeader, fromHex, grantContext, sha256 } from "@anamnesis/crypto/verify";
import { certifiedCaller } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import {
  answerContext,
  grantDocument,
  grantMessage,
  grantSecret,
  hpkeInfo,
  proxyIndices,
  reencryptAnswer,
} from "@anamnesis/protocol";
import type { ReencryptRequest } from "@anamnesis/protocol";

/**
 * Opens the first record that a question shows with the answers of the first `count` proxies, as if the threshold were that.
 *
 * @returns The content key. @throws {CryptoError} E_DECRYPT when they are too few. @throws {AnamnesisError} A proxy's refusal.
 */
export async function openWithFew(
  reader: Session,
  question: ReencryptRequest,
  { gid, count }: { readonly gid: string; readonly count: number },
): Promise<Uint8Array> {
  const { items } = reader.device;
  const received = await items.get("grantReceived", gid);
  const kept = await items.get("grantMessage", received?.name ?? "");
  const [item] = question.items;
  if (kept === undefined || item === undefined) throw new Error("The reader has no such grant");
  const message = grantMessage.decode(kept.message);
  const grant = grantDocument.decode(message.grant);
  const { box } = await reader.device.keys();
  const { secretKey } = box;
  const aad = grantContext(message.grant);
  const { X, tags } = grantSecret.decode(
    await openWith({ secretKey, info: hpkeInfo.grant, aad, sealed: message.sealed }),
  );
  const checked = checkedGrant({
    grant: message.grant,
    gid: fromHex(gid),
    k: grant.k,
    indices: proxyIndices(grant),
    X,
    tags: grant.tags.map(({ tag, pid }, t) => ({ tag, pid, ...tags[t]! })),
    commitments: message.commitments,
  });
  const caller = await certifiedCaller(reader.device);
  const replies = [];
  for (const index of checked.indices.slice(0, count)) {
    const sealed = await reader.network.proxy(index).reencrypt(question, caller);
    const context = answerContext("shares", question, index);
    const opened = await openWith({ secretKey, info: hpkeInfo.answer, aad: context, sealed });
    replies.push({ index, reply: reencryptAnswer.decode(opened).items[0]! });
  }
  const record = {
    header: decodeHeader(item.header),
    ctx: sha256(item.header),
    capsules: [item.capsules.subarray(0, BYTES.capsule)],
  };
  return openAsReader({ grant: { ...checked, k: count }, record, replies });
}
