import { grantSigningKey } from "@anamnesis/crypto/patientKeys";
import { encodeCanonical, fromHex, verifySignature, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf, grantDocument } from "@anamnesis/protocol";
import type { GrantView, ProxyMember } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { inParallel } from "../inParallel.ts";
import type { GrantGivenItem } from "../items.ts";
import type { GrantSummary } from "../model.ts";
import { grantOnChain, grantStatus } from "../grantOnChain.ts";
import { ownNode } from "../ownNode.ts";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";

const GRANTS_AT_ONCE = 8;

/** Every grant given, newest first. */
export async function listGrants(session: Session): Promise<readonly GrantSummary[]> {
  const items = await session.device.items.all("grantGiven");
  const summaries = await inParallel(items, GRANTS_AT_ONCE, async (item) =>
    grantSummary(session, item, await grantOnChain(session, item.gid)),
  );
  return summaries.toSorted((a, b) => b.notBefore - a.notBefore);
}

export function grantSummary(
  session: Session,
  item: GrantGivenItem,
  view: GrantView | undefined,
): GrantSummary {
  const { records, actions, purposes, notBefore, notAfter } = grantDocument.decode(item.grant);
  const revokedAt = view === undefined || view.revokedAt === 0 ? item.revokedAt : view.revokedAt;
  return {
    id: item.gid,
    status: revokedAt === null ? grantStatus(view, notAfter, session.clock()) : "revoked",
    party: {
      fingerprint: item.reader,
      name: item.readerName,
      role: "doctor",
      institution: item.readerInstitution,
    },
    categories: [...new Set(item.categories)],
    ...(records === null ? {} : { records: records.map(toHex) }),
    actions,
    purposes,
    notBefore,
    until: notAfter,
    ...(revokedAt === null ? {} : { revokedAt }),
    ...(item.request === null ? {} : { request: item.request }),
    receipts: Object.keys(item.receipts).map(Number),
  };
}

export const grantKey = (session: Session, { salt }: Pick<GrantGivenItem, "salt">) =>
  grantSigningKey({ seed: session.device.seed, grantSalt: salt });

/**
 * Revokes on chain, then has the proxies erase; `receipts` are those that signed by now.
 * @throws {AnamnesisError} NOT_FOUND, GRANT_REVOKED, UNAVAILABLE.
 */
export async function revoke(session: Session, gid: string): Promise<GrantSummary> {
  const item = await session.device.items.get("grantGiven", gid);
  if (item === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such grant");
  const key = grantKey(session, item);
  const { chain } = consortiumOf(session.trust);
  const slip = signedSlip(session, {
    chain,
    kind: "grant.revoke",
    fields: { key: key.publicKey },
    secretKey: key.secretKey,
  });
  await postSlip(ownNode(session), chain, slip);
  const revoked: GrantGivenItem = { ...item, revokedAt: session.clock() };
  await session.device.items.put("grantGiven", gid, revoked);
  return grantSummary(
    session,
    await collectReceipts(session, revoked),
    await grantOnChain(session, gid),
  );
}

/** Asks every proxy to look at the chain and erase; one that is away erases by itself when it sees the chain. */
async function collectReceipts(session: Session, item: GrantGivenItem): Promise<GrantGivenItem> {
  const { proxies } = consortiumOf(session.trust).consortium;
  const signed = await Promise.all(
    proxies.map(async (proxy) => [proxy.index, await receiptOf(session, item, proxy)] as const),
  );
  const receipts = {
    ...item.receipts,
    ...Object.fromEntries(signed.filter(([, erasedAt]) => erasedAt !== undefined)),
  } as Record<string, number>;
  const kept = { ...item, receipts };
  await session.device.items.put("grantGiven", item.gid, kept);
  return kept;
}

async function receiptOf(
  session: Session,
  item: GrantGivenItem,
  { index, key }: ProxyMember,
): Promise<number | undefined> {
  const caller = bareCaller(grantKey(session, item));
  try {
    await session.network.proxy(index).erase(item.gid, caller);
    const { receipt } = await session.network.proxy(index).evidence(item.gid, caller);
    if (receipt === null) return undefined;
    const message = encodeCanonical([fromHex(item.gid), receipt.erasedAt]);
    return verifySignature({
      type: "RECEIPT",
      message,
      publicKey: key,
      signature: receipt.signature,
    })
      ? receipt.erasedAt
      : undefined;
  } catch (error) {
    if (error instanceof AnamnesisError) return undefined;
    throw error;
  }
}
