/** Requests to servers as tests make them: signed by whom the test says, answered as they come. */
import { randomBytes } from "node:crypto";
import { signRaw } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { bareKeyId, signRequest } from "@anamnesis/protocol";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The body as JSON; empty when it is none. */
  readonly json: {
    readonly error?: { readonly code: string; readonly message: string };
    readonly [field: string]: unknown;
  };
}

/** One HTTP request: POST when there is a body, else GET. */
export async function call(
  url: string,
  options: { method?: string; body?: Uint8Array; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const { body, headers = {} } = options;
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  const type = body === undefined ? {} : { "content-type": "application/cbor" };
  const response = await fetch(url, {
    method,
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  const json = isJson ? (JSON.parse(Buffer.from(bytes).toString()) as Reply["json"]) : {};
  return { status: response.status, headers: response.headers, bytes, json };
}

/** Headers that sign a request with a bare key, or under a certificate's fingerprint. */
export function signedHeaders(
  url: string,
  key: SigningKeypair,
  options: {
    method?: string;
    body?: Uint8Array;
    keyId?: string;
    created?: number;
    nonce?: Uint8Array;
  } = {},
): Record<string, string> {
  const { host, pathname } = new URL(url);
  const { method = "GET", body = new Uint8Array(), keyId = bareKeyId(key.publicKey) } = options;
  return signRequest(
    { method, authority: host, path: pathname, body },
    keyId,
    (message) => signRaw({ message, secretKey: key.secretKey }),
    options.created ?? Date.now(),
    options.nonce ?? randomBytes(16),
  );
}

/** "OK", or the code of a refusal. */
export async function codeOf(answer: Response): Promise<string> {
  if (answer.ok) return "OK";
  return ((await answer.json()) as { error: { code: string } }).error.code;
}
