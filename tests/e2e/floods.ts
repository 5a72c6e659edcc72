/**
 * Attackers who have nothing but a network address, another one than everybody else here, and send servers more than they
 * should take. What each sends and how it was answered; tests and measurements look at what it cost.
 */
import { request } from "node:http";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { encodeCanonical, fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import {
  boxPost,
  consortiumOf,
  fingerprintOf,
  limits,
  makeSlip,
  memberOf,
} from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { openingBox } from "@anamnesis/testing/boxes";

/** Linux answers for all of 127.0.0.0/8, so that one machine can be two origins. */
const FROM = "127.0.0.66";

/** How often each code was answered, and how many bytes of bodies were sent for it. */
export interface Flood {
  readonly codes: Readonly<Record<string, number>>;
  readonly bytes: number;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** One request of the attacker's. @returns `OK`, the code of the refusal, or `CUT` when the connection ended without one. */
export const sendAsAttacker = (url: string, { method, headers, body }: Sent): Promise<string> =>
  new Promise((resolve) => {
    const sending = request(
      url,
      { method: method ?? "POST", localAddress: FROM, headers: { ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve(codeIn(answer.statusCode ?? 0, Buffer.concat(chunks))));
        answer.on("error", () => resolve("CUT"));
      },
    );
    sending.on("error", () => resolve("CUT"));
    sending.end(body);
  });

function codeIn(status: number, body: Buffer): string {
  if (status === 200) return "OK";
  const { error } = JSON.parse(body.toString()) as { error: { code: string } };
  return error.code;
}

/** Sends the same again and again, some at once, until a code comes that ends it, or often enough. */
export async function flood(
  send: () => Promise<{ readonly code: string; readonly bytes: number }>,
  {
    most,
    atOnce,
    until,
  }: { readonly most: number; readonly atOnce: number; readonly until?: string },
): Promise<Flood> {
  const codes: Record<string, number> = {};
  let bytes = 0;
  let left = most;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sent = await send();
      bytes += sent.bytes;
      codes[sent.code] = (codes[sent.code] ?? 0) + 1;
      if (sent.code === until) left = 0;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { codes, bytes };
}

const nodeOf = (trust: Trust, institution: string): string =>
  memberOf(consortiumOf(trust), institution).address;

/** Opens a throw-away box. @returns Its URL. */
export async function throwAwayBox(trust: Trust, institution: string): Promise<string> {
  const url = `${nodeOf(trust, institution)}/boxes/${toHex(randomBytes(32))}`;
  const code = await sendAsAttacker(url, openingBox(url, signingKeypair(randomBytes(32))));
  if (code !== "OK") throw new Error(`The box was not opened: ${code}`);
  return url;
}

/** A message that nobody expects. @returns how it was answered. */
export async function stuff(
  box: string,
  sealedBytes: number,
): Promise<{ code: string; bytes: number }> {
  const body = boxPost.encode({ v: 1, sealed: randomBytes(sealedBytes), proof: null });
  const headers = { "content-type": "application/cbor" };
  return { code: await sendAsAttacker(`${box}/messages`, { body, headers }), bytes: body.length };
}

export const staffBox = (trust: Trust, institution: string, fingerprint: string): string =>
  `${nodeOf(trust, institution)}/boxes/${fingerprint}`;

/** A batch whose slips are all well formed and all refused, as late as may be: each revokes a registrar in a member's name, who never signed. */
export function vainBatch(trust: Trust, institution: string): { url: string; body: Uint8Array } {
  const { chain, registrars } = consortiumOf(trust);
  const registrar = registrars.find((one) => one.institution === institution)!;
  const fields = { fingerprint: fromHex(fingerprintOf(registrar.der)), by: institution };
  const now = Date.now();
  const slips = Array.from({ length: limits.batchSlips }, (_, i) => {
    const time = now - i;
    const header = { chain, time, notAfter: time + limits.clientNotAfterMs };
    return makeSlip("identity.revoke", header, fields, () => randomBytes(64)).bytes;
  });
  return {
    url: `${nodeOf(trust, institution)}/chains/${chain}/batch`,
    body: encodeCanonical(slips),
  };
}

/** Sends a batch. */
export async function sendBatch({ url, body }: { url: string; body: Uint8Array }) {
  const headers = { "content-type": "application/cbor" };
  return { code: await sendAsAttacker(url, { body, headers }), bytes: body.length };
}

/** Nonsense where a visit is opened: the node opens a seal for it. */
export async function sendIntake(trust: Trust, institution: string, chain: string) {
  const url = `${nodeOf(trust, institution)}/chains/${chain}/sessions`;
  const body = randomBytes(4_096);
  const headers = { "content-type": "application/octet-stream" };
  return { code: await sendAsAttacker(url, { body, headers }), bytes: body.length };
}

/** What anybody may read: a proof that the chain holds no such key. */
export async function askForProof(trust: Trust, institution: string) {
  const { chain } = consortiumOf(trust);
  const id = toHex(randomBytes(32));
  const url = `${nodeOf(trust, institution)}/chains/${chain}/state/keys/${id}/proof`;
  return { code: await sendAsAttacker(url, { method: "GET" }), bytes: 0 };
}

/** Bodies that begin fast, stop before their end, and keep what they sent in the server's memory. */
export class SlowBodies {
  readonly #closing = new AbortController();
  readonly codes: Record<string, number> = {};
  bytes = 0;

  /** Sends `size` bytes of a body that is announced to be one longer, on so many connections. Resolves when all were sent or refused. */
  async begin(url: string, { count, size }: { readonly count: number; readonly size: number }) {
    const part = Buffer.alloc(size, 1);
    await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<void>((resolve) => {
            const headers = { "content-type": "application/cbor", "content-length": size + 1 };
            const options = { method: "POST", localAddress: FROM, headers };
            const sending = request(url, { ...options, signal: this.#closing.signal }, (answer) => {
              const chunks: Buffer[] = [];
              answer.on("data", (chunk: Buffer) => chunks.push(chunk));
              answer.on("end", () => {
                const code = codeIn(answer.statusCode ?? 0, Buffer.concat(chunks));
                this.codes[code] = (this.codes[code] ?? 0) + 1;
                resolve();
              });
              answer.on("error", () => resolve());
            });
            sending.on("error", () => resolve());
            sending.write(part, () => {
              this.bytes += size;
              resolve();
            });
          }),
      ),
    );
  }

  end(): void {
    this.#closing.abort();
  }
}
