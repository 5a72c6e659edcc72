import { sealTo } from "@anamnesis/crypto/box";
import { dealGrant, revokerSigningKey } from "@anamnesis/crypto/patientKeys";
import type { DealtGrant, IdentifiedSigningKey } from "@anamnesis/crypto/patientKeys";
import { sign } from "@anamnesis/crypto/sign";
import { pause } from "@anamnesis/http";
import { fromHex, grantContext, sha256, toHex } from "@anamnesis/crypto/verify";
import {
  hpkeInfo,
  AnamnesisError,
  accessRequest,
  consortiumOf,
  grantDigest,
  grantDocument,
  grantMessage,
  grantSecret,
  limits,
  proxyIndices,
  shareSecret,
  signedDigest,
  vouched,
} from "@anamnesis/protocol";
import type { Grant, ProxyMember, SharePackage, VisitSignature } from "@anamnesis/protocol";
import type { GrantGivenItem, VisitItem } from "../items.ts";
import { staffAddress } from "../mail.ts";
import type { Expected } from "../mail.ts";
import { sendOrKeep } from "../letters.ts";
import { proxyDid, proxyWaitMs } from "../members/ask.ts";
import type { GrantSummary } from "../model.ts";
import type { Session } from "../session.ts";
import { grantKey, grantSummary, publish } from "./grants.ts";
import { termsOf } from "./grantTerms.ts";
import type { GrantInput, Terms } from "./grantTerms.ts";
import { visitKey } from "./visitKeys.ts";

/** Clocks of others may be behind; a grant begins a minute before it is made. */
const SKEW_MS = 60_000;

/** A grant as it was dealt. */
interface Dealt {
  readonly key: IdentifiedSigningKey;
  readonly gid: string;
  readonly grant: Grant;
  readonly bytes: Uint8Array;
  readonly dealt: DealtGrant;
  /** The reader's part, sealed. */
  readonly sealed: Uint8Array;
  /** What `grant.publish` carries. */
  readonly digest: Uint8Array;
  readonly visits: readonly VisitSignature[];
  readonly patient: { readonly certificate: Uint8Array; readonly signature: Uint8Array };
  readonly categories: readonly string[];
}

/**
 * Grants access: deals re-encryption shares to the proxies, publishes the grant, and sends the reader what opens it.
 * Without a choice: every record. Open requests of this reader that it covers count as answered by it; that is known to
 * both devices and stands on no chain.
 *
 * @throws {AnamnesisError} NOT_FOUND when there is nothing to share; TOO_FEW_PROXIES; AMBIGUOUS_NAME; REQUEST_CLOSED;
 * CERTIFICATE_NOT_LIVE; EXPIRY_IN_PAST, EXPIRY_TOO_FAR; UNAVAILABLE.
 */
export async function grant(session: Session, input: GrantInput): Promise<GrantSummary> {
  const terms = await termsOf(session, input);
  const salt = session.random(32);
  const dealt = await deal(session, terms, salt);
  const item: GrantGivenItem = {
    gid: dealt.gid,
    salt,
    grant: dealt.bytes,
    digest: dealt.digest,
    reader: terms.reader.fingerprint,
    readerName: terms.reader.name,
    readerInstitution: terms.reader.institution,
    categories: dealt.categories,
    request: terms.request?.request ?? null,
    time: session.clock(),
    state: "dealt",
    revocationSent: null,
    revokedAt: null,
    receipts: {},
  };
  await session.device.items.put("grantGiven", dealt.gid, item);
  await leaveShares(session, dealt);
  const { key, grant: granted, digest } = dealt;
  const { visit } = terms.records[0]!;
  const { proven } = await publish(session, { key, granted, digest, visit });
  const sent = { ...item, state: proven === undefined ? "sent" : "published" };
  await session.device.items.put("grantGiven", dealt.gid, sent);
  const waitsFor = await sendToReader(session, dealt, terms);
  const closed = { state: "granted", gid: dealt.gid, closedAt: session.clock() };
  for (const request of terms.answers)
    await session.device.items.put("request", request.request, { ...request, ...closed });
  const summary = grantSummary(session, sent, proven);
  return waitsFor === undefined ? summary : { ...summary, waitsFor };
}

async function deal(session: Session, terms: Terms, grantSalt: Uint8Array): Promise<Dealt> {
  const key = grantKey(session, { salt: grantSalt });
  const { chain, consortium } = consortiumOf(session.trust);
  const ofTags = [...new Map(terms.records.map((own) => [own.record.tag, own])).values()];
  const grantFields: Grant = {
    v: 1,
    suite: "MRS-V1",
    chain,
    key: key.publicKey,
    reader: { kind: "certificate", fingerprint: fromHex(terms.reader.fingerprint) },
    salt: session.random(32),
    revoker: revokerSigningKey({ seed: session.device.seed, grantSalt }).id,
    tags: ofTags.map(({ record, visit }) => ({
      chain: visit.chain,
      institution: visit.institution,
      pid: fromHex(record.pid),
      tag: fromHex(record.tag),
      epoch: visit.epoch,
    })),
    records: terms.limited ? terms.records.map(({ record }) => fromHex(record.id)) : null,
    actions: [...terms.actions],
    purposes: [terms.purpose],
    notBefore: session.clock() - SKEW_MS,
    notAfter: terms.until,
    k: consortium.k,
    proxies: consortium.proxies
      .map(({ index, institution }) => ({ index, institution }))
      .toSorted((a, b) => a.index - b.index),
  };
  const bytes = grantDocument.encode(grantFields);
  const gid = toHex(key.id);
  const dealt = dealGrant(
    {
      seed: session.device.seed,
      grant: bytes,
      gid: key.id,
      tags: grantFields.tags,
      k: grantFields.k,
      indices: proxyIndices(grantFields),
    },
    session.random,
  );
  const sealed = await sealTo({
    publicKey: terms.reader.boxKey,
    info: hpkeInfo.grant,
    aad: grantContext(bytes),
    plaintext: grantSecret.encode({ v: 1, X: dealt.X, tags: [...dealt.tags] }),
  });
  const digest = grantDigest(bytes, sha256(sealed), dealt.commitments);
  const [{ der }, { signing }] = await Promise.all([
    session.device.certificate(),
    session.device.keys(),
  ]);
  return {
    key,
    gid,
    grant: grantFields,
    bytes,
    dealt,
    sealed,
    digest,
    visits: signedByVisits(
      session,
      ofTags.map(({ visit }) => visit),
      digest,
    ),
    patient: {
      certificate: der,
      signature: sign({
        type: "PATIENT-GRANT",
        message: vouched(gid),
        secretKey: signing.secretKey,
      }),
    },
    categories: ofTags.map(({ record }) => record.category),
  };
}

function signedByVisits(
  session: Session,
  visits: readonly VisitItem[],
  digest: Uint8Array,
): VisitSignature[] {
  const distinct = [...new Map(visits.map((visit) => [visit.pid, visit])).values()];
  return distinct.map((visit) => {
    const { publicKey, secretKey } = visitKey(session, visit);
    return {
      key: publicKey,
      signature: sign({ type: "GRANT-VISIT", message: signedDigest(digest), secretKey }),
    };
  });
}

/**
 * At least k proxies must hold their shares before the grant is published; the others have as long again as these took, or as
 * nothing waits for a proxy, for one that is away must not hold it up.
 */
async function leaveShares(session: Session, dealt: Dealt): Promise<void> {
  const { k, proxies } = consortiumOf(session.trust).consortium;
  const refused: Record<string, string> = {};
  const over = new AbortController();
  const since = performance.now();
  const left = new Set(dealt.dealt.shares.map(({ index }) => index));
  let kept = 0;
  await Promise.all(
    dealt.dealt.shares.map(async (share) => {
      const proxy = proxies.find((member) => member.index === share.index)!;
      const packed = await sharePackage(dealt, share, proxy);
      try {
        await session.network.proxy(share.index, over.signal).keepShares(packed);
        proxyDid(session, share.index, "answered");
        kept += 1;
        left.delete(share.index);
        if (kept !== k) return;
        const waits = [...left].map((index) => proxyWaitMs(session, index));
        const longerMs = Math.max(performance.now() - since, ...waits);
        void pause(longerMs, over.signal).then(() => over.abort());
      } catch (error) {
        if (!(error instanceof AnamnesisError)) throw error;
        if (over.signal.aborted) proxyDid(session, share.index, "silent");
        left.delete(share.index);
        refused[share.index] = error.code;
      }
    }),
  );
  over.abort();
  const away = proxies
    .filter(({ index }) => refused[index] === "UNAVAILABLE")
    .map(({ institution }) => institution);
  if (kept < k)
    throw new AnamnesisError(
      "TOO_FEW_PROXIES",
      `Only ${kept} proxies took their shares, want ${k}; these did not: ${told(proxies, refused)}`,
      { details: { proxies: refused, away } },
    );
}

const told = (proxies: readonly ProxyMember[], refused: Readonly<Record<string, string>>): string =>
  proxies
    .filter(({ index }) => refused[index] !== undefined)
    .map(({ index, institution }) => `${institution} (${refused[index]})`)
    .join(", ");

async function sharePackage(
  { bytes, dealt, sealed: readersPart, visits, patient }: Dealt,
  { index, replyKey, points }: DealtGrant["shares"][number],
  proxy: ProxyMember,
): Promise<SharePackage> {
  const secret = shareSecret.encode({
    v: 1,
    index,
    replyKey,
    shares: [...points],
    by: { kind: "patient", visits: [...visits], ...patient },
  });
  const sealed = await sealTo({
    publicKey: proxy.boxKey,
    info: hpkeInfo.share,
    aad: grantContext(bytes),
    plaintext: secret,
  });
  const { commitments } = dealt;
  return { v: 1, grant: bytes, sealedHash: sha256(readersPart), commitments, sealed };
}

/** @returns the institution whose node did not take the message, which is kept and sent later. */
async function sendToReader(
  session: Session,
  { bytes, dealt, sealed, visits, patient, categories }: Dealt,
  { reader, answers }: Terms,
): Promise<string | undefined> {
  const body = grantMessage.encode({
    v: 1,
    grant: bytes,
    sealed,
    commitments: [...dealt.commitments],
    visits: [...visits],
    patient,
    name: session.device.name,
    categories: [...categories],
    requests: answers.slice(0, limits.grantAnswers).map(({ request }) => fromHex(request)),
  });
  return sendOrKeep(session, staffAddress(reader, expectedBy(answers)), { type: "grant", body });
}

/** Who answers a request is expected by whoever asked. */
function expectedBy([answered]: Terms["answers"]): Expected {
  if (answered === undefined) return { by: "nothing" };
  return { by: "reply", reply: accessRequest.decode(answered.body).reply };
}
