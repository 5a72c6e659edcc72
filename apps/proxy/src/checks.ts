import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import {
  certificateLive,
  gidFrom,
  gidOf,
  grantLive,
  intentCommitment,
  isForTreatment,
  isReader,
  limits,
  readerCommitment,
  slipIdFrom,
  verifyOnce,
} from "@anamnesis/protocol";
import type {
  CertificateView,
  Grant,
  GrantView,
  ReencryptRequest,
  SignedRequest,
  Trust,
} from "@anamnesis/protocol";
import type { RateLimit } from "@anamnesis/server";
import type { Consortium, SlipOnChain } from "./consortium.ts";
import type { ReadGrants } from "./readGrants.ts";
import {
  capsuleIsOnChain,
  foreignAuthorWasLive,
  readShown,
  refuse,
  released,
  versionIsConfirmed,
} from "./shownVersion.ts";
import type { Released, ShownVersion } from "./shownVersion.ts";
import type { HeldGrant } from "./store.ts";

/** A request whose reader's signature holds, with all that the checks look at. */
export interface Asked {
  readonly request: ReencryptRequest;
  /** Fingerprint of the reader's certificate, 64 hex digits. */
  readonly reader: string;
  readonly certificate: CertificateView;
  /** What they signed. */
  readonly signed: SignedRequest;
}

export interface CheckDeps {
  readonly trust: Trust;
  readonly consortium: Consortium;
  readonly grants: ReadGrants;
  readonly index: number;
  readonly rate: RateLimit;
  readonly now: () => number;
}

/**
 * What a proxy checks before it uses a share, in the order of P-6 of docs/spec/proxy.md; the first that fails names the code. The
 * reader's signature and nonce were checked before: who asks must be known to be told anything. `CheckCapsule` comes
 * after, as the first step of using the share: it costs pairings that are not paid twice.
 *
 * @throws {AnamnesisError} One code for each check, see docs/spec/http.md H-31.
 */
export async function checkRelease(
  asked: Asked,
  held: HeldGrant | undefined,
  deps: CheckDeps,
): Promise<Released[]> {
  const { request } = asked;
  certificateIsLive(asked, deps);
  const grant = grantIsTheReaders(asked, held, deps);
  const published = await deps.consortium.grant(gidFrom(request.gid));
  if (published !== undefined) grantIsSigned(held!, grant, published);
  const intent = await deps.consortium.slip(slipIdFrom(request.intent));
  bothClocksAdmit(grant, intent, deps);
  await deps.consortium.assertFresh();
  const live = grantIsLive(await deps.consortium.grant(gidFrom(request.gid)), held!, intent, deps);
  grantIsSigned(held!, grant, live);
  const items = request.items.map(readShown);
  for (const item of items) tagAndRecordAreGranted(item, grant);
  if (!grant.actions.includes(request.action))
    throw refuse("ACTION_NOT_GRANTED", "the grant does not allow this action");
  if (!grant.purposes.includes(request.purpose))
    throw refuse("PURPOSE_NOT_GRANTED", "the grant does not allow this purpose");
  intentCovers(asked, grant, intent, { items, ...deps });
  const verify = verifyOnce();
  for (const item of items) capsuleIsOnChain(item, deps.trust, verify);
  for (const { foreign } of items)
    if (foreign !== undefined) await foreignAuthorWasLive(foreign, deps.consortium);
  if (!isForTreatment(request.purpose))
    for (const item of items) versionIsConfirmed(item, deps.trust, verify);
  deps.rate.take(`${asked.reader} ${toHex(request.gid)}`, deps.now(), items.length);
  return items.map(released);
}

function certificateIsLive({ certificate }: Asked, { now }: CheckDeps): void {
  if (!certificateLive(certificate, now()))
    throw refuse(
      "CERTIFICATE_NOT_LIVE",
      "the reader's certificate is revoked, suspended or out of date",
    );
}

/** To anybody but its reader a grant looks as if this proxy had none. */
function grantIsTheReaders(
  { request, reader, certificate }: Asked,
  held: HeldGrant | undefined,
  { grants }: CheckDeps,
): Grant {
  const grant = held === undefined ? undefined : grants.of(toHex(request.gid), held);
  if (
    grant === undefined ||
    !isReader(grant.reader, { ...certificate, fingerprint: fromHex(reader) }) ||
    gidOf(grant.key) !== toHex(request.gid)
  ) {
    throw refuse("GRANT_NOT_HELD", "this proxy holds no such grant for this reader");
  }
  return grant;
}

/** The grant's signature is its `grant.publish`, with the same reader and revoker; the visits' were checked when the shares came. */
function grantIsSigned(held: HeldGrant, grant: Grant, onChain: GrantView): void {
  if (toHex(held.digest) !== onChain.digest)
    throw refuse(
      "GRANT_SIGNATURE",
      "the grant on the chain is another one than the shares are for",
    );
  if (toHex(readerCommitment(grant)) !== onChain.reader)
    throw refuse("GRANT_SIGNATURE", "the grant on the chain is for another reader");
  if (toHex(grant.revoker) !== onChain.revoker)
    throw refuse("GRANT_SIGNATURE", "the grant on the chain names another revoker");
}

function bothClocksAdmit(grant: Grant, intent: SlipOnChain | undefined, { now }: CheckDeps): void {
  for (const time of [now(), intent?.blockTime ?? now()]) {
    if (time < grant.notBefore || time >= grant.notAfter)
      throw refuse("OUTSIDE_GRANT_TIME", "the grant has not begun or has expired");
  }
}

function grantIsLive(
  onChain: GrantView | undefined,
  held: HeldGrant,
  intent: SlipOnChain | undefined,
  { now }: CheckDeps,
): GrantView {
  const times = [now(), intent?.blockTime ?? now()];
  if (
    onChain === undefined ||
    held.replyKey === null ||
    !times.every((time) => grantLive(onChain, time))
  ) {
    throw refuse("GRANT_NOT_LIVE", "the grant is not on the chain, revoked or expired");
  }
  return onChain;
}

function tagAndRecordAreGranted({ version }: ShownVersion, grant: Grant): void {
  const { tag, pid, record } = version;
  const isGranted = grant.tags.some(
    (granted) =>
      granted.chain === version.chain &&
      equalBytes(granted.pid, pid) &&
      equalBytes(granted.tag, tag),
  );
  if (!isGranted) throw refuse("TAG_NOT_GRANTED", "the grant does not cover this record's tag");
  if (grant.records !== null && !grant.records.some((granted) => equalBytes(granted, record))) {
    throw refuse("RECORD_NOT_GRANTED", "the grant is limited to other records");
  }
}

function intentCovers(
  { request, reader }: Asked,
  grant: Grant,
  intent: SlipOnChain | undefined,
  { items, index, now }: CheckDeps & { readonly items: readonly ShownVersion[] },
): void {
  if (intent?.slip.kind !== "usage.intent")
    throw refuse("INTENT_MISSING", "no such usage.intent is on the chain");
  const { fields, time } = intent.slip;
  const isTheirs =
    toHex(fields.cert) === reader &&
    equalBytes(fields.gid, request.gid) &&
    fields.proxies.includes(index);
  if (!isTheirs)
    throw refuse(
      "INTENT_MISSING",
      "the intent is another reader's, for another grant or another proxy",
    );
  if (!equalBytes(readerCommitment(fields), readerCommitment(grant)))
    throw refuse("INTENT_MISSING", "the intent shows another reader than the grant's");
  if (fields.action !== request.action)
    throw refuse("INTENT_MISSING", "the intent announces another action");
  if (!equalBytes(fields.commitment, intentCommitment(request)))
    throw refuse("INTENT_MISSING", "the intent commits to another action, purpose or records");
  if (
    !items.every(({ version }) =>
      request.digests.some((digest) => equalBytes(digest, version.digest)),
    )
  ) {
    throw refuse("INTENT_MISSING", "the intent does not cover this record");
  }
  if (now() > intent.committedAt + limits.intentServesMs || now() > time + limits.intentEndsMs)
    throw refuse("INTENT_MISSING", "the intent has ended; make a new one");
}
