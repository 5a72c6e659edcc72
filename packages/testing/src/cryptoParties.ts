/** Fixed parties and records for tests. */
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { checkedGrant, openBody, readStoredRecord } from "@anamnesis/crypto/open";
import type {
  OpenBodyInput,
  OpenedRecord,
  ReaderGrant,
  ShareReply,
  StoredRecord,
} from "@anamnesis/crypto/open";
import {
  dealGrant,
  institutionPublicKey,
  tagKeys,
  visitSigningKey,
} from "@anamnesis/crypto/patientKeys";
import type { DealtGrant } from "@anamnesis/crypto/patientKeys";
import { proxyShares, reencryptShare } from "@anamnesis/crypto/proxy";
import type { ProxyShares, ShareRequest } from "@anamnesis/crypto/proxy";
import { sealRecord } from "@anamnesis/crypto/seal";
import type { RecordLabel, SealedRecord, VisitTarget } from "@anamnesis/crypto/seal";
import { signingKeypair } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import {
  at,
  concat,
  i2osp,
  readAll,
  ready,
  sha256,
  streamOf,
  utf8,
} from "@anamnesis/crypto/verify";
import type { RandomSource } from "@anamnesis/crypto/verify";

/** A reproducible random source: SHA-256 of a label and a counter. */
export function seededRandom(label: string): RandomSource {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let bytes = 0; bytes < length; bytes += 32) {
      blocks.push(sha256(concat(utf8(label), i2osp(counter, 8))));
      counter += 1;
    }
    return concat(...blocks).slice(0, length);
  };
}

export const INSTITUTION = "hospital-1";
export const EPOCH = "1";

export interface Parties {
  readonly seed: Uint8Array;
  readonly author: SigningKeypair;
  readonly authorBox: BoxKeypair;
  readonly reader: BoxKeypair;
  /** Indices of the proxies. */
  readonly indices: readonly number[];
}

export async function makeParties(n = 4): Promise<Parties> {
  await ready();
  const random = seededRandom("parties");
  const seed = random(32);
  const author = signingKeypair(random(32));
  const authorBox = await boxKeypairFromSeed(random(32));
  const reader = await boxKeypairFromSeed(random(32));
  const indices = Array.from({ length: n }, (_, i) => i + 1);
  return { seed, author, authorBox, reader, indices };
}

/** The visit token's part for one tag, named by a label. */
export function makeTarget({ seed }: Parties, label: string): VisitTarget {
  const tag = sha256(utf8(label)).slice(0, 16);
  const { ekTag, addressKey } = tagKeys({ seed, tag });
  const { id: pid } = visitSigningKey({ seed, visitSalt: sha256(utf8("visit")) });
  const A = institutionPublicKey({ seed, institution: INSTITUTION, epoch: EPOCH });
  return { pid, tag, A, ekTag, addressKey };
}

export const LABEL: RecordLabel = {
  title: "HbA1c",
  start: "2026-11-20T08:00:00+08:00",
  end: null,
  type: "http://loinc.org|11502-2",
  series: null,
  sensitivity: [],
};

export interface SealedFixture {
  readonly target: VisitTarget;
  readonly sealed: SealedRecord;
  /** The stored object. */
  readonly object: Uint8Array;
}

export async function sealContent(
  parties: Parties,
  target: VisitTarget,
  content: Uint8Array,
): Promise<SealedFixture> {
  const { object, sealed } = await sealRecord({
    target,
    author: {
      signingSecretKey: parties.author.secretKey,
      certFingerprint: sha256(utf8("certificate")),
      boxPublicKey: parties.authorBox.publicKey,
    },
    content: { size: content.length, open: () => streamOf([content]) },
    description: {
      mediaClass: "fhir",
      mediaType: "application/fhir+json",
      category: "lab-result",
      keywords: ["loinc|4548-4", "month|2026-11"],
      fileName: "hba1c.json",
      label: LABEL,
    },
    time: 1_790_000_000,
  });
  const bytes = await readAll(object);
  return { target, sealed: await sealed, object: bytes };
}

/** Opens a body into memory. */
export async function openWhole(
  input: OpenBodyInput,
): Promise<OpenedRecord & { readonly content: Uint8Array }> {
  const { content, finished } = openBody(input);
  const bytes = await readAll(content);
  return { ...(await finished), content: bytes };
}

/** Reads the head of a stored object anew; its body can be read once. */
export function readFixture({
  object,
  target,
}: Pick<SealedFixture, "object" | "target">): Promise<StoredRecord> {
  return readStoredRecord({ source: streamOf([object]), addressKey: target.addressKey });
}

export interface GrantFixture {
  readonly grant: Uint8Array;
  readonly gid: Uint8Array;
  readonly dealt: DealtGrant;
  readonly shares: readonly ProxyShares[];
  readonly readerGrant: ReaderGrant;
}

/** Deals a grant over the targets' tags and gives every party its part of it. */
export function makeGrant(parties: Parties, targets: readonly VisitTarget[], k = 3): GrantFixture {
  const { seed, indices } = parties;
  const grant = utf8(`grant over ${targets.length} tags`);
  const gid = sha256(grant);
  const tags = targets.map(({ tag }) => tag);
  const dealt = dealGrant({
    seed,
    grant,
    gid,
    tags: tags.map((tag) => ({ tag, institution: INSTITUTION, epoch: EPOCH })),
    k,
    indices,
  });
  const { X, commitments } = dealt;
  const shares = dealt.shares.map((share) =>
    proxyShares({ grant, tags, k, commitments, ...share }),
  );
  const granted = targets.map(({ tag, pid }, t) => ({ tag, pid, ...at(dealt.tags, t) }));
  const readerGrant = checkedGrant({ grant, gid, k, indices, X, tags: granted, commitments });
  return { grant, gid, dealt, shares, readerGrant };
}

/** What a reader asks of the proxy at position i. */
export function shareRequest(grant: GrantFixture, record: StoredRecord, i: number): ShareRequest {
  const shares = grant.shares[i];
  const capsule = record.capsules[0];
  if (shares === undefined || capsule === undefined)
    throw new RangeError("No such proxy or capsule");
  return { shares, tag: record.header.tag, capsule, ctx: record.ctx };
}

/** Every proxy's answer. */
export async function shareReplies(
  grant: GrantFixture,
  record: StoredRecord,
): Promise<ShareReply[]> {
  const replies: ShareReply[] = [];
  for (const [i, { index }] of grant.shares.entries()) {
    replies.push({ index, reply: await reencryptShare(shareRequest(grant, record, i)) });
  }
  return replies;
}

/** A record under a tag that was granted to a reader, with the answers of all four proxies, and one under a tag that was not. */
export interface OpeningFixture {
  readonly parties: Parties;
  readonly fixture: SealedFixture;
  readonly other: SealedFixture;
  readonly record: StoredRecord;
  readonly granted: GrantFixture;
  readonly replies: ShareReply[];
}

export async function makeOpening(content: Uint8Array): Promise<OpeningFixture> {
  const parties = await makeParties(4);
  const fixture = await sealContent(parties, makeTarget(parties, "granted"), content);
  const other = await sealContent(parties, makeTarget(parties, "not granted"), content);
  const record = await readFixture(fixture);
  const granted = makeGrant(parties, [fixture.target]);
  const replies = await shareReplies(granted, record);
  return { parties, fixture, other, record, granted, replies };
}

/** A copy with one bit flipped. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const place = Math.floor(bit / 8);
  copy[place] = at(copy, place) ^ (1 << (bit % 8));
  return copy;
}

/** A copy with `part` written at `offset`. */
export function replaceAt(bytes: Uint8Array, offset: number, part: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(part, offset);
  return copy;
}
