import { decodeCanonical, randomBytes, utf8, utf8Decode } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { AnamnesisError, errorCodes, limits, signRequest, slipCodes } from "@anamnesis/protocol";
import type { ErrorCode, SlipCode } from "@anamnesis/protocol";
import { pause } from "../pause.ts";
import type { Caller } from "../ports.ts";
import { readAnswer } from "./readAnswer.ts";

export interface HttpOptions {
  readonly fetch?: typeof fetch;
  /** How long a part may take to answer; default 15 s. */
  readonly timeoutMs?: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Default `application/cbor`. */
  readonly contentType?: string;
  readonly caller?: Caller | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

type Body = NonNullable<RequestInit["body"]>;

const TIMEOUT_MS = 15_000;
const BUSY_ATTEMPTS = 4;

/** One server: its name for people and its base URL. */
export class HttpPart {
  readonly #name: string;
  readonly #base: string;
  readonly #options: HttpOptions;

  constructor(name: string, base: string, options: HttpOptions) {
    this.#name = name;
    this.#base = base.replace(/\/$/, "");
    this.#options = options;
  }

  /**
   * Sends one request; waits and repeats while the server is too busy to take it.
   *
   * @throws {AnamnesisError} UNAVAILABLE (which part) when it cannot be reached, does not answer in time or answers
   * something unknown; else the code that it answers.
   */
  async send(call: Call): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.fetch(call, call.body);
      if (response.ok) return response;
      const error = await this.#refusal(response);
      if (error.code !== "BUSY" || attempt === BUSY_ATTEMPTS) throw error;
      const seconds = Number(response.headers.get("retry-after") ?? "1");
      await pause(Math.min(Number.isFinite(seconds) ? seconds * 1000 : 1000, 2000), call.signal);
    }
  }

  /** One attempt; `body` may be what `call.body` cannot: a stream. */
  async fetch(call: Call, body: Body | Uint8Array | undefined): Promise<Response> {
    const url = new URL(this.#base + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const headers: Record<string, string> = { ...call.headers, ...this.#signed(call, url) };
    if (body !== undefined) headers["content-type"] = call.contentType ?? "application/cbor";
    const timeout = AbortSignal.timeout(call.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    // Nobody is sent elsewhere with a signed request. This also spares the copy of the body that the fetch standard
    // keeps for a redirect: a record of 1 GiB would lie in memory whole.
    const redirect = "error";
    const init: RequestInit & { duplex?: "half" } = {
      method: call.method,
      headers,
      signal,
      redirect,
    };
    if (body !== undefined) init.body = body as Body;
    if (body instanceof ReadableStream) init.duplex = "half";
    try {
      return await (this.#options.fetch ?? fetch)(url.href, init);
    } catch (cause) {
      throw this.unavailable("it does not answer", cause);
    }
  }

  /** @throws {AnamnesisError} TOO_LARGE beyond `limits.answerJsonBytes`. */
  async json(call: Call): Promise<unknown> {
    const response = await this.send(call);
    return this.#whole(async () => {
      const bytes = await readAnswer(response, this.#name, limits.answerJsonBytes);
      return JSON.parse(utf8Decode(bytes)) as unknown;
    });
  }

  /** @param maxBytes - Largest CBOR item to accept. @throws {AnamnesisError} TOO_LARGE, MALFORMED */
  async cbor(call: Call, maxBytes: number): Promise<CborValue> {
    const bytes = await this.octets(call, maxBytes);
    try {
      return decodeCanonical(bytes, { maxBytes });
    } catch (cause) {
      throw new AnamnesisError(
        "MALFORMED",
        `The ${this.#name} answered what is not canonical CBOR`,
        {
          cause,
        },
      );
    }
  }

  /** @param maxBytes - Largest answer. @throws {AnamnesisError} TOO_LARGE */
  async octets(call: Call, maxBytes: number = limits.answerBytes): Promise<Uint8Array> {
    const response = await this.send(call);
    return this.#whole(() => readAnswer(response, this.#name, maxBytes));
  }

  /** Throws what a response that is not ok says. */
  async check(response: Response): Promise<Response> {
    if (!response.ok) throw await this.#refusal(response);
    return response;
  }

  unavailable(why: string, cause?: unknown): AnamnesisError {
    return new AnamnesisError(
      "UNAVAILABLE",
      `The ${this.#name} cannot be used: ${why}`,
      cause === undefined ? {} : { cause },
    );
  }

  #signed(call: Call, url: URL): Record<string, string> {
    const { caller } = call;
    if (caller === undefined) return {};
    const request = {
      method: call.method,
      authority: url.host,
      path: url.pathname,
      body: call.body ?? new Uint8Array(0),
    };
    return signRequest(
      request,
      caller.keyId,
      (base) => caller.sign(base),
      Date.now(),
      randomBytes(16),
    );
  }

  async #whole<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      if (cause instanceof AnamnesisError) throw cause;
      throw this.unavailable(
        "its answer broke off or is not in the form of docs/spec/http.md",
        cause,
      );
    }
  }

  async #refusal(response: Response): Promise<AnamnesisError> {
    const body = await readAnswer(response, this.#name, limits.answerErrorBytes)
      .then((bytes): unknown => JSON.parse(utf8Decode(bytes)))
      .catch(() => undefined);
    const { code, message } = ((body as { error?: unknown } | undefined)?.error ?? {}) as {
      code?: unknown;
      message?: unknown;
    };
    if (typeof code === "string" && typeof message === "string" && isKnown(code))
      return new AnamnesisError(code, message);
    return this.unavailable(`it answered with status ${response.status}`);
  }
}

const isKnown = (code: string): code is ErrorCode | SlipCode =>
  Object.hasOwn(errorCodes, code) || Object.hasOwn(slipCodes, code);

/** A JSON body. */
export const jsonBody = (value: unknown): Pick<Call, "body" | "contentType"> => ({
  body: utf8(JSON.stringify(value)),
  contentType: "application/json",
});
