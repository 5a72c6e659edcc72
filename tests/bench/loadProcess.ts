/** The load generator of the ledger's benchmark: a process of its own, that makes slips ahead and then posts them. */
import { signingKeypair } from "@anamnesis/crypto/sign";
import { BYTES, encodeCanonical, sha256, utf8 } from "@anamnesis/crypto/verify";
import { limits, makeSlip } from "@anamnesis/protocol";
import type { ChainId, InstitutionId } from "@anamnesis/protocol";
import { signer } from "@anamnesis/testing/keys";
import { Line } from "./line.ts";
import type { LineAnswer } from "./line.ts";

export interface LoadPlan {
  readonly port: number;
  readonly chain: string;
  readonly institution: string;
  /** Ed25519 secret key of the doctor, base64; certificate's fingerprint and pids of open visits as hex. */
  readonly doctor: string;
  readonly cert: string;
  readonly pids: readonly string[];
}

/** How to post what was made: `batch` slips a request over so many connections, each one request at a time. */
export interface Posting {
  readonly batch: number;
  readonly connections: number;
  /** Another log, which takes one entry a request at `/add`; else the node of the plan. */
  readonly logPort?: number;
}

/** Gets so many proofs of slips posted before, taken at random from a fixed seed. */
export interface Querying {
  readonly count: number;
  readonly connections: number;
}

export type LoadCall =
  | { readonly verb: "plan"; readonly plan: LoadPlan }
  | { readonly verb: "make"; readonly label: string; readonly count: number; readonly how: Posting }
  | { readonly verb: "post" }
  | ({ readonly verb: "query" } & Querying);

export interface LoadReply {
  readonly done: number;
  readonly refused: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

let plan: LoadPlan | undefined;
/** What the next `post` sends: all of it made, and its connections open. */
let ready: { readonly work: Work; readonly lines: readonly Line[] } | undefined;
/** Ids of slips that were made, every 64th of them. */
const ids: string[] = [];

function makeSlips(label: string, count: number): Uint8Array[] {
  const { doctor, chain, institution, pids, cert } = planned();
  const { secretKey } = signingKeypair(Buffer.from(doctor, "base64"));
  const sign = signer({ secretKey, publicKey: new Uint8Array(32) });
  const certificate = new Uint8Array(Buffer.from(cert, "hex"));
  const sealedId = new Uint8Array(BYTES.sealedId).fill(7);
  const bytesOfPid = pids.map((pid) => new Uint8Array(Buffer.from(pid, "hex")));
  const time = Date.now();
  const header = { chain: chain as ChainId, time, notAfter: time + limits.notAfterAheadMs - 5_000 };
  return Array.from({ length: count }, (_, i) => {
    const digest = sha256(utf8(`${label} ${i}`));
    const pid = bytesOfPid[i % bytesOfPid.length]!;
    const fields = { institution: institution as InstitutionId, cert: certificate, pid };
    const own = { tag: digest.slice(0, 16), digest, sealedId };
    const { id, bytes } = makeSlip("record.submit", header, { ...fields, ...own }, sign);
    if (i % 64 === 0) ids.push(id);
    return bytes;
  });
}

async function make(
  label: string,
  count: number,
  { batch, connections, logPort }: Posting,
): Promise<void> {
  const { port, chain } = planned();
  const made = makeSlips(label, count);
  const bodies: Uint8Array[] = batch === 1 ? made : [];
  for (let at = 0; batch > 1 && at < made.length; at += batch)
    bodies.push(encodeCanonical(made.slice(at, at + batch)));
  const path =
    logPort === undefined ? `/chains/${chain}/${batch === 1 ? "slips" : "batch"}` : "/add";
  const work: Work = {
    asks: bodies.map((body) => ({ method: "POST", path, body })),
    accepted: ({ status, body }) =>
      logPort === undefined ? body.split('"code":"OK"').length - 1 : Number(status === 200),
    wanted: count,
  };
  ready = { work, lines: await openLines(logPort ?? port, connections) };
}

async function post(): Promise<LoadReply> {
  if (ready === undefined) throw new Error("What is posted is made first");
  const { work, lines } = ready;
  ready = undefined;
  return measure(lines, work);
}

async function query({ count, connections }: Querying): Promise<LoadReply> {
  const { port, chain } = planned();
  // A walk by a step that is prime to the length meets all of them in an order that no cache foresees.
  const at = (i: number): string => ids[(i * 7_919) % ids.length] ?? "";
  return measure(await openLines(port, connections), {
    asks: Array.from({ length: count }, (_, i) => ({
      method: "GET",
      path: `/chains/${chain}/slips/${at(i)}/proof`,
    })),
    accepted: ({ status }) => (status === 200 ? 1 : 0),
    wanted: count,
  });
}

interface Work {
  readonly asks: readonly { method: "GET" | "POST"; path: string; body?: Uint8Array }[];
  accepted(answer: LineAnswer): number;
  readonly wanted: number;
}

const openLines = (port: number, count: number): Promise<Line[]> =>
  Promise.all(Array.from({ length: count }, () => Line.open(port)));

async function measure(lines: readonly Line[], work: Work): Promise<LoadReply> {
  const latencies: number[] = [];
  let next = 0;
  let accepted = 0;
  const start = performance.now();
  await Promise.all(
    lines.map(async (line) => {
      for (let ask = work.asks[next++]; ask !== undefined; ask = work.asks[next++]) {
        const sentAt = performance.now();
        const answer = await line.ask(ask);
        accepted += work.accepted(answer);
        latencies.push(performance.now() - sentAt);
      }
    }),
  );
  const ms = performance.now() - start;
  for (const line of lines) line.close();
  latencies.sort((left, right) => left - right);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  const refused = work.wanted - accepted;
  return { done: accepted, refused, ms, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function planned(): LoadPlan {
  if (plan === undefined) throw new Error("A plan comes first");
  return plan;
}

const idle: LoadReply = { done: 0, refused: 0, ms: 0, p50Ms: 0, p99Ms: 0 };

async function perform(call: LoadCall): Promise<LoadReply> {
  switch (call.verb) {
    case "plan":
      plan = call.plan;
      return idle;
    case "make":
      await make(call.label, call.count, call.how);
      return idle;
    case "post":
      return post();
    case "query":
      return query(call);
  }
}

process.on(
  "message",
  (call: LoadCall) => void perform(call).then((reply) => process.send?.(reply)),
);
