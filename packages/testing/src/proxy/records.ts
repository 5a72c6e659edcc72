/** Visits and sealed records of the federation in which proxies are tried. */
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { institutionPublicKey, tagKeys } from "@anamnesis/crypto/patientKeys";
import type { IdentifiedSigningKey } from "@anamnesis/crypto/patientKeys";
import { sealRecord } from "@anamnesis/crypto/seal";
import type { SealedRecord } from "@anamnesis/crypto/seal";
import {
  capsulesDigest,
  randomBytes,
  readAll,
  recordDigest,
  sha256,
  streamOf,
} from "@anamnesis/crypto/verify";
import type { SlipId } from "@anamnesis/protocol";
import { LABEL } from "../cryptoParties.ts";
import { keyOf } from "../keys.ts";
import { hospital } from "../federation.ts";
import type { Parties } from "./parties.ts";

/** Who writes: the key is that of the label `author`, whoever the header names. */
export interface Author {
  /** 32 bytes in the header: of a certificate, or the pid of a record of the patient's own. */
  readonly fingerprint: Uint8Array;
  readonly box: BoxKeypair;
}

export interface Visit {
  readonly keys: IdentifiedSigningKey;
  readonly session: SlipId;
}

/** A record on the care chain, with what a reader shows to proxies. */
export interface MadeRecord extends SealedRecord {
  readonly slip: SlipId;
  readonly visit: Visit;
  readonly tag: Uint8Array;
}

/** Seals a little content for a visit under a tag. */
export async function sealUnder(
  { seed, nodes }: Parties,
  author: Author,
  visit: Visit,
  tag: Uint8Array,
): Promise<SealedRecord> {
  const { ekTag, addressKey } = tagKeys({ seed, tag });
  const A = institutionPublicKey({ seed, institution: hospital, epoch: "1" });
  const content = randomBytes(100);
  const { object, sealed } = await sealRecord({
    target: { pid: sha256(visit.keys.publicKey), tag, A, ekTag, addressKey },
    author: {
      signingSecretKey: keyOf("author").secretKey,
      certFingerprint: author.fingerprint,
      boxPublicKey: author.box.publicKey,
    },
    content: { size: content.length, open: () => streamOf([content]) },
    description: {
      mediaClass: "other",
      mediaType: "application/octet-stream",
      category: "encounter-note",
      keywords: [],
      label: LABEL,
    },
    time: Math.floor(nodes.clock.now / 1000),
  });
  await readAll(object);
  return sealed;
}

/** The record as it would be had the author made other capsules. */
export function spoiled(
  sealed: SealedRecord,
  spoil?: (capsules: readonly Uint8Array[]) => Uint8Array[],
): SealedRecord {
  if (spoil === undefined) return sealed;
  const capsules = spoil(sealed.capsules);
  const capsulesHash = capsulesDigest(capsules);
  const { headerHash, bodyHash } = sealed;
  return {
    ...sealed,
    capsules,
    capsulesHash,
    digest: recordDigest({ headerHash, capsulesHash, bodyHash }),
  };
}
