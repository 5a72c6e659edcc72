/** Everything that a browser's tabs and workers sent, and what the portal's server answered. */
import type { BrowserContext, Request } from "playwright-core";

export interface Sent {
  readonly method: string;
  readonly url: string;
  /** Address, headers and body as they went out. */
  readonly bytes: Buffer;
}

export interface Traffic {
  readonly sent: Sent[];
  /** Bodies that the portal's own server gave, but for its files and the demo identities. */
  readonly received: { readonly url: string; readonly bytes: Buffer }[];
  /** Waits for answers that are still being read. */
  settle(): Promise<void>;
}

const isFile = (path: string): boolean => /^\/(?:assets\/.*|icon\.svg|)$/.test(path);
/** The one route that hands out a seed, in a demonstration only. */
export const isIdentityRoute = (path: string): boolean => /^\/demo\/people\/[^/]+$/.test(path);

/** @param portal - The origin of the portal's server. */
export function recordTraffic(context: BrowserContext, portal: string): Traffic {
  const sent: Sent[] = [];
  const received: { url: string; bytes: Buffer }[] = [];
  const reading: Promise<void>[] = [];
  const readAnswer = async (request: Request): Promise<void> => {
    const url = new URL(request.url());
    if (url.origin !== portal || isFile(url.pathname) || isIdentityRoute(url.pathname)) return;
    const response = await request.response();
    if (response !== null) received.push({ url: request.url(), bytes: await response.body() });
  };
  context.on("request", (request) => {
    const head = `${request.method()} ${request.url()}\n${JSON.stringify(request.headers())}\n`;
    const body = request.postDataBuffer() ?? Buffer.alloc(0);
    const bytes = Buffer.concat([Buffer.from(head), body]);
    sent.push({ method: request.method(), url: request.url(), bytes });
  });
  context.on("requestfinished", (request) => {
    reading.push(readAnswer(request).catch(() => undefined));
  });
  return { sent, received, settle: async () => void (await Promise.all(reading)) };
}

/** Raw bytes in the forms in which a program might write them. */
export function formsOf(secret: Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret);
  const texts = [
    bytes.toString("hex"),
    bytes.toString("base64").replaceAll("=", ""),
    bytes.toString("base64url"),
  ];
  return [
    bytes,
    ...texts.map((text) => Buffer.from(text)),
    Buffer.from(JSON.stringify([...bytes])),
  ];
}
