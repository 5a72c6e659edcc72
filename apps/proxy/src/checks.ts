import {
  BYTES,
  decodeHeader,
  equalBytes,
  fromHex,
  recordDigest,
  sha256,
  toHex,
} from "@anamnesis/crypto/verify";
import type { RecordHeader } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  certificateLive,
  chainOf,
  decodeSlipProof,
  gidFrom,
  gidOf,
  grantLive,
  intentCommitment,
  isForTreatment,
  isReader,
  limits,
  readerCommitment,
  recordOf,
  slipIdFrom,
  verifyConfirmation,
  verifySlipProof,
  decodeSlip,
} from "@anamnesis/protocol";
import type {
  CertificateView,
  Grant,
  GrantView,
  ReencryptRequest,
  SignedRequest,
  Slip,
  SlipProof,
  Trust,
  RecordSlip,
} from "@anamnesis/protocol";
import type { RateLimit } from "@anamnesis/server";
import type { Consortium, SlipOnChain } from "./consortium.ts";
import type { ReadGrants } from "./readGrants.ts";
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

/** One capsule that may be answered for once `CheckCapsule`, the last check, has passed. */
export interface Released {
  readonly tag: Uint8Array;
  readonly capsule: Uint8Array;
  readonly ctx: Uint8Array;
  readonly digest: Uint8Array;
}

interface Item {
  readonly proof: SlipProof;
  readonly session: SlipProof;
  readonly slip: RecordSlip;
  readonly header: Uint8Array;
  /** SHA-256 of the header: what the capsule is bound to. */
  readonly headerHash: Uint8Array;
  readonly capsules: Uint8Array;
  readonly bodyHash: Uint8Array;
  readonly confirmation: Uint8Array | null;
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
  const items = request.items.map(readItem);
  for (const item of items) tagAndRecordAreGranted(item, grant);
  if (!grant.actions.includes(request.action))
    throw refuse("ACTION_NOT_GRANTED", "the grant does not allow this action");
  if (!grant.purposes.includes(request.purpose))
    throw refuse("PURPOSE_NOT_GRANTED", "the grant does not allow this purpose");
  intentCovers(asked, grant, intent, { items, ...deps });
  for (const item of items) capsuleIsOnChain(item, deps.trust);
  if (!isForTreatment(request.purpose))
    for (const item of items) versionIsConfirmed(item, deps.trust);
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

function readItem(item: ReencryptRequest["items"][number]): Item {
  const proof = decodeSlipProof(item.record);
  const slip = decodeSlip(proof.slip);
  if (!isRecordSlip(slip))
    throw refuse("NOT_ON_CHAIN", `want the proof of a record, not of ${slip.kind}`);
  const headerHash = sha256(item.header);
  return { ...item, headerHash, proof, session: decodeSlipProof(item.session), slip };
}

/** Slips that say by themselves under which visit and tag, and by whom, a record stands. */
const isRecordSlip = (slip: Slip): slip is RecordSlip =>
  slip.kind === "record.submit" || slip.kind === "record.amend" || slip.kind === "record.own";

/** What its header must name as author: a certificate, or the visit where the patient wrote. */
const authorOf = ({ kind, fields }: RecordSlip): Uint8Array =>
  kind === "record.own" ? fields.pid : fields.cert;

function tagAndRecordAreGranted({ slip }: Item, grant: Grant): void {
  const { tag, pid } = slip.fields;
  const isGranted = grant.tags.some(
    (granted) =>
      granted.chain === slip.chain && equalBytes(granted.pid, pid) && equalBytes(granted.tag, tag),
  );
  if (!isGranted) throw refuse("TAG_NOT_GRANTED", "the grant does not cover this record's tag");
  const record = recordOf(slip);
  if (grant.records !== null && !grant.records.some((granted) => equalBytes(granted, record))) {
    throw refuse("RECORD_NOT_GRANTED", "the grant is limited to other records");
  }
}

function intentCovers(
  { request, reader }: Asked,
  grant: Grant,
  intent: SlipOnChain | undefined,
  { items, index, now }: CheckDeps & { readonly items: readonly Item[] },
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
    !items.every(({ slip }) =>
      request.digests.some((digest) => equalBytes(digest, slip.fields.digest)),
    )
  ) {
    throw refuse("INTENT_MISSING", "the intent does not cover this record");
  }
  if (now() > intent.committedAt + limits.intentServesMs || now() > time + limits.intentEndsMs)
    throw refuse("INTENT_MISSING", "the intent has ended; make a new one");
}

/** The slip and its visit stand on the care chain, and what the reader shows is what the slip's digest says. */
function capsuleIsOnChain(
  { slip, proof, session, header, headerHash, capsules, bodyHash }: Item,
  trust: Trust,
): void {
  const genesis = chainOf(trust, slip.chain);
  const opened = verifyOnChain(() => verifySlipProof(genesis, session)).slip;
  verifyOnChain(() => verifySlipProof(genesis, proof));
  if (
    opened.kind !== "session.open" ||
    !equalBytes(sha256(opened.fields.key), slip.fields.pid) ||
    opened.fields.institution !== slip.fields.institution
  ) {
    throw refuse("NOT_ON_CHAIN", "the record's visit is not the one shown");
  }
  const shown = recordDigest({ headerHash, capsulesHash: sha256(capsules), bodyHash });
  if (!equalBytes(shown, slip.fields.digest))
    throw refuse("NOT_ON_CHAIN", "what is shown is not what the record's digest says");
  // Whoever signs a slip chooses its digest; only the record's own author could have put it over this header.
  const { author, pid, tag } = readHeader(header);
  const isItsOwn =
    equalBytes(author, authorOf(slip)) &&
    equalBytes(pid, slip.fields.pid) &&
    equalBytes(tag, slip.fields.tag);
  if (!isItsOwn) throw refuse("NOT_ON_CHAIN", "the header shown is another record's than the slip");
}

/** For anything but treatment a version counts only with the patient's word on it. */
function versionIsConfirmed({ slip, confirmation }: Item, trust: Trust): void {
  if (confirmation === null)
    throw refuse("NOT_CONFIRMED", "want the proof that the patient confirmed this version");
  try {
    verifyConfirmation(chainOf(trust, slip.chain), decodeSlipProof(confirmation), slip);
  } catch (cause) {
    throw new AnamnesisError(
      "NOT_CONFIRMED",
      "Refused: the proof that the patient confirmed this version does not hold",
      { cause },
    );
  }
}

function readHeader(header: Uint8Array): RecordHeader {
  try {
    return decodeHeader(header);
  } catch (cause) {
    throw new AnamnesisError("NOT_ON_CHAIN", "Refused: what is shown is no record's header", {
      cause,
    });
  }
}

function verifyOnChain<T>(verify: () => T): T {
  try {
    return verify();
  } catch (cause) {
    throw new AnamnesisError(
      "NOT_ON_CHAIN",
      "Refused: a proof of the record or its visit does not hold",
      { cause },
    );
  }
}

function released({ slip, headerHash, capsules }: Item): Released {
  const capsule = capsules.subarray(0, BYTES.capsule);
  return { tag: slip.fields.tag, capsule, ctx: headerHash, digest: slip.fields.digest };
}

const refuse = (
  code: ConstructorParameters<typeof AnamnesisError>[0],
  why: string,
): AnamnesisError => new AnamnesisError(code, `Refused: ${why}`);
