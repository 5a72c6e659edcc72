import { openWith } from "@anamnesis/crypto/box";
import { checkedGrant } from "@anamnesis/crypto/open";
import type { ReaderGrant } from "@anamnesis/crypto/open";
import {
  at,
  fromHex,
  grantContext,
  sha256,
  toHex,
  verifySignature,
} from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  consortiumOf,
  faultOfProxies,
  faultOfVisits,
  gidOf,
  grantDigest,
  grantDocument,
  grantMessage,
  grantSecret,
  hpkeInfo,
  isReader,
  proxyIndices,
  signedDigest,
  vouched,
} from "@anamnesis/protocol";
import type { Grant, GrantMessage, PersonCertificate } from "@anamnesis/protocol";
import { assertInDate, verifyPatientCertificate } from "../certificates.ts";
import { once } from "../once.ts";
import type { Session } from "../session.ts";

/** A grant that a doctor holds, its signatures verified. */
export interface VerifiedGrant {
  readonly message: GrantMessage;
  readonly grant: Grant;
  readonly patient: PersonCertificate;
  /** What `grant.publish` must carry, hex. */
  readonly digest: string;
}

const refused = (why: string) => new AnamnesisError("GRANT_SIGNATURE", `Grant refused: ${why}`);

/**
 * Verifies a grant message: for this reader and federation, vouched for by a patient's certified key, and its digest
 * signed by the key of every visit that it opens.
 *
 * @throws {AnamnesisError} GRANT_SIGNATURE, CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE and those of decoding.
 */
export async function verifyGrantMessage(
  session: Session,
  bytes: Uint8Array,
): Promise<VerifiedGrant> {
  const message = grantMessage.decode(bytes);
  const grant = grantDocument.decode(message.grant);
  const { institution, role } = session.device;
  const fingerprint = fromHex((await session.device.certificate()).fingerprint);
  if (!isReader(grant.reader, { fingerprint, institution, role }))
    throw refused("it is for another reader");
  const { chain, consortium } = consortiumOf(session.trust);
  if (grant.chain !== chain) throw refused("it is for another federation");
  const faultOfChoice = faultOfProxies(grant, consortium);
  if (faultOfChoice !== undefined) throw refused(faultOfChoice);
  const patient = verifyPatientCertificate(
    session.trust,
    message.patient.certificate,
    session.clock(),
  );
  const isVouched = verifySignature({
    type: "PATIENT-GRANT",
    message: vouched(gidOf(grant.key)),
    publicKey: patient.signingKey,
    signature: message.patient.signature,
  });
  if (!isVouched) throw refused("the patient's signature over its id does not verify");
  const digest = grantDigest(message.grant, sha256(message.sealed), message.commitments);
  const faultOfSigners = faultOfVisits(grant.tags, message.visits, {
    type: "GRANT-VISIT",
    message: signedDigest(digest),
  });
  if (faultOfSigners !== undefined) throw refused(faultOfSigners);
  return { message, grant, patient, digest: toHex(digest) };
}

/** A grant that is verified and whose reader's part is open. */
export interface OpenedGrant {
  readonly reader: ReaderGrant;
  readonly patient: PersonCertificate;
  /** What `grant.publish` must carry, hex. */
  readonly digest: string;
}

const opened = new WeakMap<Session, Map<string, Promise<OpenedGrant>>>();

/**
 * Verifies a grant message, opens the reader's part and checks it against the commitments: once a session, for it costs a
 * signature a visit and a pairing a tag. What changes with time, whether the patient's certificate is in date, is judged anew.
 *
 * @param held - Its SHA-256 as hex, by which another message is another grant, and where to read it.
 * @throws {CryptoError} E_DECRYPT, E_SHARE_INVALID, E_FORMAT, E_SUBGROUP @throws {AnamnesisError} As {@link verifyGrantMessage}.
 */
export async function openedGrant(
  session: Session,
  held: { readonly name: string; readonly message: () => Promise<Uint8Array> },
): Promise<OpenedGrant> {
  const cache = opened.get(session) ?? new Map<string, Promise<OpenedGrant>>();
  opened.set(session, cache);
  const grant = await once(cache, held.name, async () => {
    const verified = await verifyGrantMessage(session, await held.message());
    const { patient, digest } = verified;
    return { patient, digest, reader: await openReadersPart(session, verified) };
  });
  assertInDate(grant.patient, session.clock());
  return grant;
}

async function openReadersPart(
  session: Session,
  { message, grant }: VerifiedGrant,
): Promise<ReaderGrant> {
  const { box } = await session.device.keys();
  const plaintext = await openWith({
    secretKey: box.secretKey,
    info: hpkeInfo.grant,
    aad: grantContext(message.grant),
    sealed: message.sealed,
  });
  const { X, tags } = grantSecret.decode(plaintext);
  if (tags.length !== grant.tags.length) throw refused("its secrets are not those of its tags");
  return checkedGrant({
    grant: message.grant,
    gid: fromHex(gidOf(grant.key)),
    k: grant.k,
    indices: proxyIndices(grant),
    X,
    tags: grant.tags.map(({ tag, pid }, t) => ({ tag, pid, ...at(tags, t) })),
    commitments: message.commitments,
  });
}
