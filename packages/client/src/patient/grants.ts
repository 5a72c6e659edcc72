import { grantSigningKey } from "@anamnesis/crypto/patientKeys";
import { encodeCanonical, fromHex, verifySignature, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf, grantDocument, proxyIndices } from "@anamnesis/protocol";
import type { GrantView, ProxyMember } from "@anamnesis/protocol";
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
  const onChain = grantStatus(view, notAfter, session.clock());
  const unrevoked = onChain === "live" && isStopped(item) ? "stopped" : onChain;
  return {
    id: item.gid,
    status: revokedAt === null ? unrevoked : "revoked",
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

/** Whether so many proxies signed that they erased their shares that too few are left to open anything: n − k + 1. */
function isStopped({ grant, receipts }: Pick<GrantGivenItem, "grant" | "receipts">): boolean {
  const { k, proxies } = grantDocument.decode(grant);
  return Object.keys(receipts).length > proxies.length - k;
}

/** The chain could not be reached, or whoever writes it holds the slip back: nothing is said about the grant. */
const unheard: readonly string[] = ["UNAVAILABLE", "BUSY", "STORAGE_FULL", "NOT_YET"];

/**
 * Revokes on the chain and at every proxy at once, with one slip: proxies erase on its signature alone. Where the chain does not
 * take it but n − k + 1 proxies erased, the grant opens nothing any more and is `stopped`; said again, the chain is asked again.
 * `receipts` are the proxies that signed by now; one that is away erases by itself when it sees the chain.
 *
 * @throws {AnamnesisError} NOT_FOUND, GRANT_REVOKED, GRANT_UNKNOWN; UNAVAILABLE and the like when too few proxies erased, too.
 */
export async function revoke(session: Session, gid: string): Promise<GrantSummary> {
  const item = await session.device.items.get("grantGiven", gid);
  if (item === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such grant");
  const key = grantKey(session, item);
  const { chain } = consortiumOf(session.trust);
  const slip = signedSlip(session, {
    chain,
    kind: "grant.revoke",
    fields: { gid: key.id, key: key.publicKey },
    secretKey: key.secretKey,
  });
  const [failure, receipts] = await Promise.all([
    postSlip(ownNode(session), chain, slip).then(() => undefined, asFailure),
    erasures(session, item, slip.bytes),
  ]);
  const revokedAt = failure === undefined ? session.clock() : item.revokedAt;
  const kept: GrantGivenItem = { ...item, revokedAt, receipts: { ...item.receipts, ...receipts } };
  await session.device.items.put("grantGiven", gid, kept);
  if (failure === undefined) return grantSummary(session, kept, await grantOnChain(session, gid));
  if (!unheard.includes(failure.code) || !isStopped(kept)) throw failure;
  return { ...grantSummary(session, kept, undefined), status: "stopped" };
}

/** @throws What is no answer of the chain. */
function asFailure(error: unknown): AnamnesisError {
  if (error instanceof AnamnesisError) return error;
  throw error;
}

/** When each proxy erased, by its signed receipt. */
async function erasures(
  session: Session,
  item: GrantGivenItem,
  slip: Uint8Array,
): Promise<Readonly<Record<string, number>>> {
  const signed = await Promise.all(
    proxiesOf(session, item).map(
      async (proxy) => [proxy.index, await erasedAt(session, item.gid, slip, proxy)] as const,
    ),
  );
  return Object.fromEntries(
    signed.flatMap(([index, at]) => (at === undefined ? [] : [[String(index), at] as const])),
  );
}

/** The proxies that a grant's shares were dealt to. */
export function proxiesOf(
  { trust }: Pick<Session, "trust">,
  item: Pick<GrantGivenItem, "grant">,
): readonly ProxyMember[] {
  const chosen = proxyIndices(grantDocument.decode(item.grant));
  return consortiumOf(trust).consortium.proxies.filter(({ index }) => chosen.includes(index));
}

async function erasedAt(
  session: Session,
  gid: string,
  slip: Uint8Array,
  { index, key: publicKey }: ProxyMember,
): Promise<number | undefined> {
  try {
    const receipt = await session.network.proxy(index).erase(gid, slip);
    const message = encodeCanonical([fromHex(gid), receipt.erasedAt]);
    const { signature } = receipt;
    return verifySignature({ type: "RECEIPT", message, publicKey, signature })
      ? receipt.erasedAt
      : undefined;
  } catch (error) {
    if (error instanceof AnamnesisError) return undefined;
    throw error;
  }
}
