import { openWith } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { proxyShares } from "@anamnesis/crypto/proxy";
import type { ProxyShares } from "@anamnesis/crypto/proxy";
import {
  CryptoError,
  equalBytes,
  grantContext,
  toHex,
  verifySignature,
} from "@anamnesis/crypto/verify";
import {
  hpkeInfo,
  AnamnesisError,
  certificateInDate,
  faultOfProxies,
  gidOf,
  grantDigest,
  grantDocument,
  limits,
  proxyIndices,
  readCertificate,
  shareSecret,
  signedDelegation,
  vouched,
} from "@anamnesis/protocol";
import type {
  CaKey,
  Gid,
  Grant,
  PersonCertificate,
  ProxyMember,
  SharePackage,
  ShareSecret,
} from "@anamnesis/protocol";
import type { RevocationLists } from "@anamnesis/server";
import type { DealInQuestion } from "./dealCheck.ts";
import type { Deal, HeldGrant } from "./store.ts";

export interface AcceptDeps {
  /** Consortium chain of this federation. */
  readonly chain: string;
  readonly k: number;
  /** Those of genesis. */
  readonly proxies: readonly ProxyMember[];
  readonly index: number;
  readonly cas: readonly CaKey[];
  readonly revocations: RevocationLists;
  readonly box: BoxKeypair;
  readonly now: () => number;
}

/** A package whose patient is known, and whose shares and visits are still to be judged. */
export interface Offered {
  readonly gid: Gid;
  readonly held: HeldGrant & { readonly replyKey: Uint8Array };
  readonly deal: Deal;
  /** The patient's certificate by its fingerprint, hex. */
  readonly patient: string;
  /** For {@link DealJudge}. */
  readonly inQuestion: DealInQuestion;
}

/**
 * Opens a share package and judges what is cheap (H-30): all that makes the grant the patient's is inside, or a relative's to whom the
 * patient's visits delegated it, so nobody needs to be known who sends it. That the grant stands on chain is asked at each request
 * instead, because shares come before the publication.
 *
 * @returns whose grant it is, too, for limits: that is not kept, because it would join what one person granted.
 * @throws {AnamnesisError} SHARE_INVALID, GRANT_SIGNATURE, OUTSIDE_GRANT_TIME, CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE,
 * UNAVAILABLE (no revocation list is to be had), and those of decoding.
 */
export async function openOffer(received: SharePackage, deps: AcceptDeps): Promise<Offered> {
  const grant = grantDocument.decode(received.grant);
  const gid = gidOf(grant.key);
  checkGrant(grant, deps);
  const secret = await openSecret(received.grant, received.sealed, deps);
  const digest = grantDigest(received.grant, received.sealedHash, received.commitments);
  const { by, replyKey } = secret;
  const patient =
    by.kind === "patient"
      ? await vouchingPatient(gid, by, deps)
      : await delegatingPatient(by, deps);
  const shares = readShares(grant, received, secret);
  const held = {
    digest,
    gctx: shares.gctx,
    notAfter: grant.notAfter,
    replyKey,
    revoked: false,
    erasedAt: 0,
    receipt: new Uint8Array(0),
  };
  const deal = {
    grant: received.grant,
    visits: by.kind === "patient" ? by.visits : [],
    shares: shares.tags,
  };
  return { gid, held, deal, patient, inQuestion: { grant, digest, by, shares } };
}

function checkGrant(grant: Grant, deps: AcceptDeps): void {
  if (grant.chain !== deps.chain) throw refused("it is for another federation");
  const fault = faultOfProxies(grant, deps);
  if (fault !== undefined) throw refused(fault);
  if (!proxyIndices(grant).includes(deps.index)) throw refused("it does not list this proxy");
  if (
    grant.tags.length === 0 ||
    new Set(grant.tags.map(({ tag }) => toHex(tag))).size !== grant.tags.length
  ) {
    throw refused("want at least one tag and none twice");
  }
  if (grant.notAfter <= deps.now())
    throw new AnamnesisError("OUTSIDE_GRANT_TIME", "Grant refused: it has expired");
  if (grant.notAfter - deps.now() > limits.grantLifetimeMs || grant.notBefore >= grant.notAfter) {
    throw new AnamnesisError(
      "OUTSIDE_GRANT_TIME",
      "Grant refused: want it to end after it begins and within a year",
    );
  }
}

async function openSecret(
  grant: Uint8Array,
  sealed: Uint8Array,
  deps: AcceptDeps,
): Promise<ShareSecret> {
  let plaintext: Uint8Array;
  try {
    plaintext = await openWith({
      secretKey: deps.box.secretKey,
      info: hpkeInfo.share,
      aad: grantContext(grant),
      sealed,
    });
  } catch (cause) {
    throw new AnamnesisError(
      "SHARE_INVALID",
      "Share refused: it was not sealed to this proxy for this grant",
      { cause },
    );
  }
  const secret = shareSecret.decode(plaintext);
  if (secret.index !== deps.index)
    throw new AnamnesisError(
      "SHARE_INVALID",
      `Share refused: it is for proxy ${secret.index}, want ${deps.index}`,
    );
  return secret;
}

type By<K extends ShareSecret["by"]["kind"]> = Extract<ShareSecret["by"], { readonly kind: K }>;

/** @throws {AnamnesisError} CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE: nobody else's, and none out of date. */
function patientsCertificate(der: Uint8Array, deps: AcceptDeps): PersonCertificate {
  const certificate = readCertificate(der, deps.cas);
  if (certificate.role !== "patient" || certificate.issuer !== "care") {
    throw new AnamnesisError(
      "CERTIFICATE_INVALID",
      "Grant refused: want a patient's certificate by the care authority",
    );
  }
  if (!certificateInDate(certificate, deps.now())) {
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Grant refused: want a patient's certificate that is in date",
    );
  }
  return certificate;
}

/** Whose certified key vouches for the grant. */
async function vouchingPatient(
  gid: Gid,
  { certificate: der, signature }: By<"patient">,
  deps: AcceptDeps,
): Promise<string> {
  const { signingKey: publicKey, ...certificate } = patientsCertificate(der, deps);
  const message = vouched(gid);
  if (!verifySignature({ type: "PATIENT-GRANT", message, publicKey, signature }))
    throw signatureRefused("the patient's signature over the grant's id does not verify");
  await deps.revocations.assertNotRevoked(certificate.serial);
  return certificate.fingerprint;
}

/** Whose certified key signed the delegation. */
async function delegatingPatient(
  { delegation: shown }: By<"relative">,
  deps: AcceptDeps,
): Promise<string> {
  const { certificate: der, delegation: message, signature } = signedDelegation.decode(shown);
  const { signingKey: publicKey, ...certificate } = patientsCertificate(der, deps);
  if (!verifySignature({ type: "PATIENT-DELEGATION", message, publicKey, signature }))
    throw signatureRefused("the patient's signature over the delegation does not verify");
  await deps.revocations.assertNotRevoked(certificate.serial);
  return certificate.fingerprint;
}

/** One share for each tag. */
function readShares(
  grant: Grant,
  { grant: bytes, commitments }: SharePackage,
  { index, replyKey, shares: points }: ShareSecret,
): ProxyShares {
  try {
    const tags = grant.tags.map(({ tag }) => tag);
    return proxyShares({ grant: bytes, index, replyKey, tags, k: grant.k, points, commitments });
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new AnamnesisError(
      "SHARE_INVALID",
      "Share refused: want one for each tag, and k commitments",
      { cause },
    );
  }
}

/** Whether two packages are the same grant dealt the same way: a retry is no new grant. */
export const sameDeal = (
  left: Pick<HeldGrant, "digest">,
  right: Pick<HeldGrant, "digest">,
): boolean => equalBytes(left.digest, right.digest);

const refused = (why: string): AnamnesisError =>
  new AnamnesisError("BAD_REQUEST", `Grant refused: ${why}`);
const signatureRefused = (why: string): AnamnesisError =>
  new AnamnesisError("GRANT_SIGNATURE", `Grant refused: ${why}`);
