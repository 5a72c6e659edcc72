/** Grants as a patient's device makes them, and what each proxy gets of them. */
import { sealTo } from "@anamnesis/crypto/box";
import { dealGrant, grantSigningKey } from "@anamnesis/crypto/patientKeys";
import type { DealtGrant } from "@anamnesis/crypto/patientKeys";
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
import type { Grant, SharePackage, ShareSecret } from "@anamnesis/protocol";
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

/** The other key that may end a grant, unless it was made to name another. */
export const revokerKeyOf = ({ keys }: Pick<MadeGrant, "keys">) => keyOf(revokerOf(toHex(keys.id)));

/** Deals a grant over the tags of records; `change` alters it before it is dealt. */
export async function makeGrant(
  { seed, trust, nodes, care, consortium }: Parties,
  reader: Reader,
  records: readonly MadeRecord[],
  change: Partial<Grant> = {},
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
    tags: records.map((record) => ({
      chain: care.genesis.chain,
      institution: hospital,
      pid: pidOfRecord(record),
      tag: record.tag,
      epoch: "1",
    })),
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
  const dealt = dealGrant({
    seed,
    grant: bytes,
    gid: fromHex(gid),
    tags: grant.tags,
    k,
    indices: proxyIndices(grant),
  });
  const sealed = await sealTo({
    publicKey: reader.box.publicKey,
    info: hpkeInfo.grant,
    aad: grantContext(bytes),
    plaintext: grantSecret.encode({ v: 1, X: dealt.X, tags: [...dealt.tags] }),
  });
  const digest = grantDigest(bytes, sha256(sealed), dealt.commitments);
  return { gid, grant, bytes, dealt, sealed, digest, keys, records };
}

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
  const visits = new Map(
    made.records.map((record) => [toHex(pidOfRecord(record)), record.visit.keys]),
  );
  const secret: ShareSecret = {
    v: 1,
    index,
    replyKey: share.replyKey,
    shares: [...share.points],
    visits: [...visits.values()].map((keys) => ({
      key: keys.publicKey,
      signature: signer(keys)("GRANT-VISIT", signedDigest(made.digest)),
    })),
    patient: {
      certificate: parties.certificates.patient,
      signature: signer(parties.identity.signing)("PATIENT-GRANT", vouched(made.gid)),
    },
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
