/** The load generator of the ledger's benchmark: a process of its own, that makes slips ahead and then posts them. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { encodeCanonical, sha256, utf8 } from "@anamnesis/crypto/verify";
import { limits, makeSlip } from "@anamnesis/protocol";
import type { ChainId, InstitutionId } from "@anamnesis/protocol";
import { signer } from "@anamnesis/testing/keys";

export interface LoadPlan {
  readonly port: number;
  readonly chain: string;
  readonly institution: string;
  /** Ed25519 secret key of the doctor, base64; certificate's fingerprint and pids of open visits as hex. */
  readonly doctor: string;
  readonly cert: string;
  readonly pids: readonly string[];
}
export type LoadCall =
  | { readonly verb: "plan"; readonly plan: LoadPlan }
  | { readonly verb: "make"; readonly label: string; readonly count: number }
  | { readonly verb: "post"; readonly batch: number; readonly connections: number };
export interface LoadReply {
  readonly slips: number;
  readonly refused: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

let plan: LoadPlan | undefined;
let made: Uint8Array[] = [];

function make(label: string, count: number): void {
  if (plan === undefined) throw new Error("plan comes first");
  const { secretKey } = signingKeypair(Buffer.from(plan.doctor, "base64"));
  const sign = signer({ secretKey, publicKey: new Uint8Array(32) });
  const { chain, institution, pids } = plan;
  const cert = Buffer.from(plan.cert, "hex");
  const sealedId = new Uint8Array(60).fill(7);
  const bytesOfPid = pids.map((pid) => new Uint8Array(Buffer.from(pid, "hex")));
  const time = Date.now();
  const header = { chain: chain as ChainId, time, notAfter: time + limits.notAfterAheadMs - 5_000 };
  made = Array.from({ length: count }, (_, i) => {
    const digest = sha256(utf8(`${label} ${i}`));
    const pid = bytesOfPid[i % bytesOfPid.length]!;
    const fields = { institution: institution as InstitutionId, cert: new Uint8Array(cert), pid };
    const own = { tag: digest.slice(0, 16), digest, sealedId };
    return makeSlip("record.submit", header, { ...fields, ...own }, sign).bytes;
  });
}

/** Posts everything made, each connection one request at a time. */
async function post(batch: number, connections: number): Promise<LoadReply> {
  if (plan === undefined) throw new Error("plan comes first");
  const { port, chain } = plan;
  const bodies: Uint8Array[] = [];
  if (batch === 1) bodies.push(...made);
  for (let at = 0; batch > 1 && at < made.length; at += batch)
    bodies.push(encodeCanonical(made.slice(at, at + batch)));
  const path = `/chains/${chain}/${batch === 1 ? "slips" : "batch"}`;
  const lines = await Promise.all(Array.from({ length: connections }, () => Line.open(port, path)));
  const latencies: number[] = [];
  let next = 0;
  let accepted = 0;
  const start = performance.now();
  await Promise.all(
    lines.map(async (line) => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        const sentAt = performance.now();
        const answer = await line.post(body);
        accepted += answer.split('"code":"OK"').length - 1;
        latencies.push(performance.now() - sentAt);
      }
    }),
  );
  const ms = performance.now() - start;
  for (const line of lines) line.close();
  latencies.sort((left, right) => left - right);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  const slips = made.length;
  return { slips, refused: slips - accepted, ms, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** One HTTP/1.1 connection that is kept; as light as a client can be, since it runs beside what it measures. */
class Line {
  readonly #socket: Socket;
  readonly #path: string;
  #received = "";
  #answer: ((body: string) => void) | undefined;

  constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
  }

  static open(port: number, path: string): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new Line(socket, path)));
      socket.on("error", reject);
    });
  }

  post(body: Uint8Array): Promise<string> {
    const head = `POST ${this.#path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/cbor\r\ncontent-length: ${body.length}\r\n\r\n`;
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    this.#socket.write(body);
    this.#socket.uncork();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    const body = this.#received.slice(end + 4, end + 4 + length);
    this.#received = "";
    this.#answer?.(body);
  }
}

process.on("message", (call: LoadCall) => {
  void (async () => {
    if (call.verb === "plan") plan = call.plan;
    if (call.verb === "make") make(call.label, call.count);
    const value = call.verb === "post" ? await post(call.batch, call.connections) : {};
    process.send?.(value);
  })();
});
