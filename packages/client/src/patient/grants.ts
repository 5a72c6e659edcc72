import { grantSigningKey } from "@anamnesis/crypto/patientKeys";
import { encodeCanonical, fromHex, verifySignature, toHex } from "@anamnesis/crypto/verify";
import type { IdentifiedSigningKey } from "@anamnesis/crypto/patientKeys";
import {
  AnamnesisError,
  consortiumOf,
  grantDocument,
  proxyIndices,
  readerCommitment,
} from "@anamnesis/protocol";
import type { Grant, GrantView, ProxyMember } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { inParallel } from "../inParallel.ts";
import type { GrantGivenItem, VisitItem } from "../items.ts";
import { askProxy } from "../members/ask.ts";
import type { GrantStatus, GrantSummary } from "../model.ts";
import { sendProved, soonProven } from "../sendProved.ts";
import type { Sent } from "../sendProved.ts";
import { grantOnChain, grantStatus } from "../grantOnChain.ts";
import type { Session } from "../session.ts";
import { signedSlip } from "../submit.ts";
import type { SignedSlip } from "../submit.ts";
import { visitKey } from "./visitKeys.ts";

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
  const onChain = grantStatus(view, notAfter, session.clock());
  const revokedAt = view === undefined || view.revokedAt === 0 ? item.revokedAt : view.revokedAt;
  return {
    id: item.gid,
    status: revokedAt === null ? statusOf(item, onChain) : "revoked",
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

/** What this device sent is shown as sent, never as done: whether it is done the chain says. */
function statusOf(item: GrantGivenItem, onChain: GrantStatus): GrantStatus {
  if (onChain === "unpublished" && item.state === "sent") return "granting";
  if (onChain !== "live") return onChain;
  if (isStopped(item)) return "stopped";
  return item.revocationSent === null ? "live" : "revoking";
}

/** Whether so many proxies signed that they erased their shares that too few are left to open anything: n − k + 1. */
function isStopped({ grant, receipts }: Pick<GrantGivenItem, "grant" | "receipts">): boolean {
  const { k, proxies } = grantDocument.decode(grant);
  return Object.keys(receipts).length > proxies.length - k;
}

/** The chain could not be reached, or whoever writes it holds the slip back: nothing is said about the grant. */
const unheard: readonly string[] = [
  "UNAVAILABLE",
  "WRITER_AWAY",
  "BUSY",
  "STORAGE_FULL",
  "NOT_YET",
];

/**
 * Revokes on the chain and at every proxy at once, with one slip: proxies erase on its signature alone. It is `revoked` once
 * the chain proves it; where a member only says so it is `revoking`, and sent by others. Where the chain does not take it, or
 * does not prove it, but n − k + 1 proxies erased, the grant opens nothing any more and is `stopped`. `receipts` are the proxies
 * that signed by now; one that is away erases by itself when it sees the chain.
 *
 * @throws {AnamnesisError} NOT_FOUND, GRANT_REVOKED (not by what this device sent), GRANT_UNKNOWN; WRITER_AWAY, UNAVAILABLE and the like when too few proxies
 * erased, too.
 */
export async function revoke(session: Session, gid: string): Promise<GrantSummary> {
  const item = await session.device.items.get("grantGiven", gid);
  if (item === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such grant");
  const slip = revocationOf(session, item);
  const [sent, receipts] = await Promise.all([
    sendRevocation(session, item, slip),
    erasures(session, item, slip.bytes),
  ]);
  const failure = "failure" in sent ? sent.failure : undefined;
  const told = { ...item, receipts: { ...item.receipts, ...receipts } };
  const isSent = failure === undefined || failure.code === "PROOF_INVALID" || isStopped(told);
  const revocationSent = isSent ? session.clock() : item.revocationSent;
  const kept = { ...told, revocationSent, revokedAt: sent.proven?.revokedAt ?? item.revokedAt };
  await session.device.items.put("grantGiven", gid, kept);
  if (failure !== undefined && !(unheard.includes(failure.code) && isStopped(kept))) throw failure;
  if (sent.proven !== undefined) return grantSummary(session, kept, sent.proven);
  const summary = grantSummary(session, kept, undefined);
  return { ...summary, status: isStopped(kept) ? "stopped" : "revoking" };
}

/** What this device sent before may stand by now, though nobody could say so then: that is no refusal. */
async function sendRevocation(
  session: Session,
  { gid, revocationSent, revokedAt }: GrantGivenItem,
  slip: SignedSlip,
): Promise<Sent<GrantView>> {
  const prove = () => revokedOnChain(session, gid);
  const sent = await sendProved(session, slip, prove);
  const code = "failure" in sent ? sent.failure?.code : undefined;
  if (code !== "GRANT_REVOKED" || revocationSent === null || revokedAt !== null) return sent;
  return { proven: await soonProven(prove), failure: undefined };
}

function revocationOf(session: Session, item: GrantGivenItem): SignedSlip {
  const { id, publicKey, secretKey } = grantKey(session, item);
  const { chain } = consortiumOf(session.trust);
  const fields = { gid: id, key: publicKey };
  return signedSlip(session, { chain, kind: "grant.revoke", fields, secretKey });
}

/** The grant as the chain proves it to be revoked. */
async function revokedOnChain(session: Session, gid: string): Promise<GrantView | undefined> {
  const view = await grantOnChain(session, gid);
  return view !== undefined && view.revokedAt > 0 ? view : undefined;
}

/** Sends again, by other members, what is sent and not proven: grants and revocations. Best effort. */
export async function sendUnproven(session: Session): Promise<void> {
  for (const item of await session.device.items.all("grantGiven")) {
    const isRevoking = item.revocationSent !== null && item.revokedAt === null;
    if (item.state !== "sent" && !isRevoking) continue;
    try {
      await sendAgain(session, item);
    } catch (error) {
      if (!(error instanceof AnamnesisError)) throw error;
    }
  }
}

async function sendAgain(session: Session, item: GrantGivenItem): Promise<void> {
  const { items } = session.device;
  const view = await grantOnChain(session, item.gid);
  if (view === undefined) return item.state === "sent" ? publishAgain(session, item) : undefined;
  const published = { ...item, state: "published" };
  if (item.state === "sent") await items.put("grantGiven", item.gid, published);
  if (item.revocationSent === null || item.revokedAt !== null) return;
  const prove = () => revokedOnChain(session, item.gid);
  const slip = revocationOf(session, item);
  const proven = view.revokedAt > 0 ? view : (await sendProved(session, slip, prove)).proven;
  if (proven !== undefined)
    await items.put("grantGiven", item.gid, { ...published, revokedAt: proven.revokedAt });
}

async function publishAgain(session: Session, item: GrantGivenItem): Promise<void> {
  const granted = grantDocument.decode(item.grant);
  const [tag] = granted.tags;
  const visit =
    tag === undefined ? undefined : await session.device.items.get("visit", toHex(tag.pid));
  if (visit === undefined || session.clock() > granted.notAfter) return;
  const { digest } = item;
  const { proven } = await publish(session, {
    key: grantKey(session, item),
    granted,
    digest,
    visit,
  });
  if (proven !== undefined)
    await session.device.items.put("grantGiven", item.gid, { ...item, state: "published" });
}

/**
 * Publishes a grant, carried by a member that knows the visit, until the chain proves it.
 * @throws {AnamnesisError} What the chain refuses it with; WRITER_AWAY, UNAVAILABLE.
 */
export async function publish(
  session: Session,
  of: {
    readonly key: IdentifiedSigningKey;
    readonly granted: Grant;
    readonly digest: Uint8Array;
    readonly visit: VisitItem;
  },
): Promise<{ readonly proven: GrantView | undefined }> {
  const { key, granted, digest, visit } = of;
  const { chain, notAfter: expiresAt, revoker } = granted;
  const reader = readerCommitment(granted);
  const fields = { key: key.publicKey, digest, expiresAt, reader, revoker };
  const { secretKey } = key;
  const slip = signedSlip(session, { chain, kind: "grant.publish", fields, secretKey });
  const prove = async (): Promise<GrantView | undefined> => {
    const view = await grantOnChain(session, toHex(key.id));
    return view?.digest === toHex(digest) ? view : undefined;
  };
  const caller = bareCaller(visitKey(session, visit));
  const sent = await sendProved(session, slip, prove, { chain: visit.chain, caller });
  if ("failure" in sent && sent.failure !== undefined) throw sent.failure;
  return sent;
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
    const receipt = await askProxy(session, index, (proxy) => proxy.erase(gid, slip));
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
