/** Grants as a patient's device makes them, and what each proxy gets of them. */
import { sealTo } from "@anamnesis/crypto/box";
import { dealDelegated, dealGrant, grantSigningKey } from "@anamnesis/crypto/patientKeys";
import type { DealtGrant, DelegatedTag } from "@anamnesis/crypto/patientKeys";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { fromHex, grantContext, randomBytes, sha256, toHex } from "@anamnesis/crypto/verify";
import {
  hpkeInfo,
  consortiumOf,
  gidOf,
  grantDigest,
  grantDocument,
  grantSecret,
  proxyIndices,
  sharePackage,
  shareSecret,
  signedDigest,
  vouched,
} from "@anamnesis/protocol";
import type { Grant, GrantTag, SharePackage, ShareSecret } from "@anamnesis/protocol";
import { holderOf, revokerOf } from "../grantSlips.ts";
import { keyOf, signer } from "../keys.ts";
import type { Reader } from "./federation.ts";
import { hospital } from "../federation.ts";
import type { Parties } from "./parties.ts";
import type { MadeRecord } from "./records.ts";

const HOUR_MS = 3_600_000;

export interface MadeGrant {
  readonly gid: string;
  readonly grant: Grant;
  /** Canonical bytes. */
  readonly bytes: Uint8Array;
  readonly dealt: DealtGrant;
  /** The reader's part, sealed. */
  readonly sealed: Uint8Array;
  readonly digest: Uint8Array;
  readonly keys: ReturnType<typeof grantSigningKey>;
  readonly records: readonly MadeRecord[];
}

const pidOfRecord = ({ visit }: MadeRecord): Uint8Array => sha256(visit.keys.publicKey);

/** A record's tag, as grants and delegations list it. */
export const tagOf = ({ genesis }: Parties["care"], record: MadeRecord): GrantTag => ({
  chain: genesis.chain,
  institution: hospital,
  pid: pidOfRecord(record),
  tag: record.tag,
  epoch: "1",
});

/** The other key that may end a grant, unless it was made to name another. */
export const revokerKeyOf = ({ keys }: Pick<MadeGrant, "keys">) => keyOf(revokerOf(toHex(keys.id)));

/**
 * Deals a grant over the tags of records; `change` alters it before it is dealt.
 * @param delegated - What a relative deals it from, in place of the patient's seed.
 */
export async function makeGrant(
  { seed, trust, nodes, care, consortium }: Parties,
  reader: Reader,
  records: readonly MadeRecord[],
  change: Partial<Grant> = {},
  delegated?: readonly DelegatedTag[],
): Promise<MadeGrant> {
  const keys = grantSigningKey({ seed, grantSalt: randomBytes(16) });
  const { k, proxies } = consortiumOf(trust).consortium;
  const now = nodes.clock.now;
  const grant: Grant = {
    v: 1,
    suite: "MRS-V1",
    chain: consortium.genesis.chain,
    key: keys.publicKey,
    reader: holderOf(reader.fingerprint),
    salt: randomBytes(32),
    revoker: sha256(revokerKeyOf({ keys }).publicKey),
    tags: records.map((record) => tagOf(care, record)),
    records: null,
    actions: ["read"],
    purposes: ["TREAT"],
    notBefore: now - 1_000,
    notAfter: now + HOUR_MS,
    k,
    proxies: proxies.map(({ index, institution }) => ({ index, institution })),
    ...change,
  };
  const bytes = grantDocument.encode(grant);
  const gid = gidOf(keys.publicKey);
  const deal = { grant: bytes, gid: fromHex(gid), k, indices: proxyIndices(grant) };
  const dealt =
    delegated === undefined
      ? dealGrant({ ...deal, seed, tags: grant.tags })
      : dealDelegated({ ...deal, tags: delegated });
  const sealed = await sealTo({
    publicKey: reader.box.publicKey,
    info: hpkeInfo.grant,
    aad: grantContext(bytes),
    plaintext: grantSecret.encode({ v: 1, X: dealt.X, tags: [...dealt.tags] }),
  });
  const digest = grantDigest(bytes, sha256(sealed), dealt.commitments);
  return { gid, grant, bytes, dealt, sealed, digest, keys, records };
}

/** The keys of the distinct visits of records. */
export const visitKeysOf = (records: readonly MadeRecord[]): SigningKeypair[] => [
  ...new Map(records.map((record) => [toHex(pidOfRecord(record)), record.visit.keys])).values(),
];

/** What makes a grant the patient's. */
export const byPatient = (
  { certificates, identity }: Parties,
  { records, digest, gid }: MadeGrant,
): Extract<ShareSecret["by"], { kind: "patient" }> => ({
  kind: "patient",
  visits: visitKeysOf(records).map((keys) => ({
    key: keys.publicKey,
    signature: signer(keys)("GRANT-VISIT", signedDigest(digest)),
  })),
  certificate: certificates.patient,
  signature: signer(identity.signing)("PATIENT-GRANT", vouched(gid)),
});

/** The share package of one proxy; `change` alters what is sealed, `outside` what is around it, `to` for whom it is sealed. */
export async function sharesFor(
  parties: Parties,
  made: MadeGrant,
  index: number,
  change: Partial<ShareSecret> = {},
  outside: Partial<SharePackage> = {},
  to: number = index,
): Promise<Uint8Array> {
  const share = made.dealt.shares.find((dealt) => dealt.index === index)!;
  const secret: ShareSecret = {
    v: 1,
    index,
    replyKey: share.replyKey,
    shares: [...share.points],
    by: byPatient(parties, made),
    ...change,
  };
  const sealed = await sealTo({
    publicKey: consortiumOf(parties.trust).consortium.proxies[to - 1]!.boxKey,
    info: hpkeInfo.share,
    aad: grantContext(made.bytes),
    plaintext: shareSecret.encode(secret),
  });
  return sharePackage.encode({
    v: 1,
    grant: made.bytes,
    sealedHash: sha256(made.sealed),
    commitments: [...made.dealt.commitments],
    sealed,
    ...outside,
  });
}
