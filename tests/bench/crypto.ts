/**
 * What sealing and opening cost, each beside the ceiling measured in the same run: pairings, encapsulations, hashing,
 * encryption, and the memory of a 1 GiB record. Run alone (`node tests/bench/crypto.ts`) it prints its rows as JSON.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import { makeCeilings } from "@anamnesis/crypto/ceiling";
import { checkedGrant, openAsReader, openBody, readStoredRecord } from "@anamnesis/crypto/open";
import {
  dealGrant,
  institutionPublicKey,
  tagKeys,
  visitSigningKey,
} from "@anamnesis/crypto/patientKeys";
import { checkShares, proxyShares, reencryptShare } from "@anamnesis/crypto/proxy";
import { sealRecord } from "@anamnesis/crypto/seal";
import type { RecordLabel, SealedRecord } from "@anamnesis/crypto/seal";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { at, randomBytes, readAll, ready, streamOf, utf8 } from "@anamnesis/crypto/verify";
import { median } from "./processTime.ts";
import { costs, within } from "./row.ts";
import type { Row } from "./row.ts";

const MIB = 1 << 20;
const ROUNDS = 15;
const INSTITUTION = "general-hospital";
const EPOCH = "1";
const LABEL: RecordLabel = {
  title: "A record",
  start: null,
  end: null,
  type: null,
  series: null,
  sensitivity: [],
};

/** Rows `crypto.open`, `crypto.open.mebibyte`, `crypto.write`, `crypto.deal` and `crypto.memory`. */
export async function benchCrypto(): Promise<Row[]> {
  const rows = await benchTimes();
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL("cryptoMemory.ts", import.meta.url)),
  ]);
  const { peakMegabytes } = JSON.parse(stdout) as { peakMegabytes: number };
  return [...rows, within({ id: "crypto.memory", value: peakMegabytes, unit: "MB", budget: 200 })];
}

async function benchTimes(): Promise<Row[]> {
  await ready();
  const bench = await prepare();
  const ceilings = await makeCeilings();
  const mebibyte = randomBytes(MIB);
  const small = await bench.seal(randomBytes(1024));
  const large = await bench.seal(mebibyte);
  const samples: Record<string, number[]> = {};
  const take = async (name: string, work: () => Promise<unknown> | void): Promise<void> => {
    const before = process.cpuUsage();
    await work();
    (samples[name] ??= []).push(processorMs(before));
  };
  // The first rounds warm everything up; then work and ceilings alternate, so that noise meets both.
  for (let round = 0; round < ROUNDS + 3; round += 1) {
    if (round === 3) for (const name of Object.keys(samples)) samples[name] = [];
    await take("pairing", ceilings.pairing);
    await take("open", () => bench.open(small));
    await take("pairing", ceilings.pairing);
    await take("openLarge", () => bench.open(large));
    await take("curve", ceilings.curveEncapsulate);
    await take("mlKem", ceilings.mlKemEncapsulate);
    await take("xWing", ceilings.xWingEncapsulate);
    await take("sha256", () => ceilings.sha256(mebibyte));
    await take("aesGcm", () => ceilings.aesGcm(mebibyte));
    await take("pairing", ceilings.pairing);
    await take("write", () => bench.seal(mebibyte));
  }
  const dealt: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const before = process.cpuUsage();
    bench.deal(50);
    dealt.push(processorMs(before) / 50);
  }
  const ms = (name: string): number => median(samples[name] ?? []);
  const pairing = ms("pairing");
  const aesAtOneGigabyte = Math.max((MIB / 1e9) * 1000, ms("aesGcm"));
  const writeCeiling =
    ms("curve") + ms("mlKem") + ms("xWing") + aesAtOneGigabyte + 2 * ms("sha256");
  const mebibyteMore = ms("openLarge") - ms("open");
  return [
    costs({
      id: "crypto.open",
      value: ms("open"),
      unit: "ms of processor",
      ceiling: pairing,
      target: 12,
    }),
    within({ id: "crypto.open.mebibyte", value: mebibyteMore, unit: "ms of processor", budget: 5 }),
    costs({
      id: "crypto.write",
      value: ms("write"),
      unit: "ms of processor",
      ceiling: writeCeiling,
      target: 1.5,
    }),
    costs({
      id: "crypto.deal",
      value: median(dealt),
      unit: "ms of processor",
      ceiling: pairing,
      target: 4,
    }),
  ];
}

/** Milliseconds of processor time of this process since then, all its threads: neighbours hardly disturb it. */
function processorMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

interface SealedObject {
  readonly object: Uint8Array;
  readonly sealed: SealedRecord;
}

interface Bench {
  seal(content: Uint8Array): Promise<SealedObject>;
  /** Everything that reader and three proxies compute for one opening, one after the other. */
  open(record: SealedObject): Promise<void>;
  /** Deals a grant over so many tags. */
  deal(tags: number): unknown;
}

async function prepare(): Promise<Bench> {
  const seed = randomBytes(32);
  const tag = randomBytes(16);
  const { id: pid } = visitSigningKey({ seed, visitSalt: randomBytes(16) });
  const A = institutionPublicKey({ seed, institution: INSTITUTION, epoch: EPOCH });
  const target = { pid, tag, A, ...tagKeys({ seed, tag }) };
  const author = signingKeypair(randomBytes(32));
  const authorBox = await boxKeypairFromSeed(randomBytes(32));
  const grant = utf8("a grant");
  const gid = randomBytes(32);
  const indices = [1, 2, 3, 4];
  const deal = (tags: readonly Uint8Array[]): ReturnType<typeof dealGrant> =>
    dealGrant({
      seed,
      grant,
      gid,
      k: 3,
      tags: tags.map((each) => ({ tag: each, institution: INSTITUTION, epoch: EPOCH })),
      indices,
    });
  const { X, tags, commitments, shares } = deal([tag]);
  const held = shares.slice(0, 3).map((share) => {
    const mine = proxyShares({ grant, tags: [tag], k: 3, commitments, ...share });
    checkShares(mine);
    return mine;
  });
  const readerGrant = checkedGrant({
    grant,
    gid,
    k: 3,
    indices,
    X,
    tags: [{ tag, pid, ...at(tags, 0) }],
    commitments,
  });
  return {
    deal: (count) => deal(Array.from({ length: count }, () => randomBytes(16))),
    async seal(content) {
      const sealing = await sealRecord({
        target,
        author: {
          signingSecretKey: author.secretKey,
          certFingerprint: randomBytes(32),
          boxPublicKey: authorBox.publicKey,
        },
        content: { size: content.length, open: () => streamOf([content]) },
        description: {
          mediaClass: "fhir",
          mediaType: "application/fhir+json",
          category: "lab",
          keywords: ["a", "b"],
          label: LABEL,
        },
        time: 1_790_000_000,
      });
      const object = await readAll(sealing.object);
      return { sealed: await sealing.sealed, object };
    },
    async open({ object, sealed: { digest } }) {
      const record = await readStoredRecord({
        source: streamOf([object]),
        addressKey: target.addressKey,
      });
      const capsule = record.capsules[0] ?? new Uint8Array(0);
      const replies: { index: number; reply: Uint8Array }[] = [];
      for (const mine of held) {
        const reply = await reencryptShare({ shares: mine, tag, capsule, ctx: record.ctx });
        replies.push({ index: mine.index, reply });
      }
      const contentKey = await openAsReader({ grant: readerGrant, record, replies });
      const { content, finished } = openBody({
        record,
        contentKey,
        authorPublicKey: author.publicKey,
        expectedDigest: digest,
      });
      await readAll(content);
      await finished;
    },
  };
}

if (import.meta.main)
  process.stdout.write(`${JSON.stringify({ rows: await benchCrypto() }, null, 2)}\n`);
