import { fromBase64url, randomBytes, toBase64url } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  addressOf,
  isKnownCode,
  refusalBody,
  signRequest,
  ticketDocument,
  ticketHeader,
} from "@anamnesis/protocol";
import type {
  ByteStream,
  CallerOf,
  ParamsOf,
  Plain,
  QueryOf,
  RequestOf,
  RequestSigner,
  ResponseOf,
  Route,
  Ticket,
} from "@anamnesis/protocol";
import { uploadOf, wholeOrBroken } from "./bodies.ts";
import { pause } from "./pause.ts";
import { readAnswer } from "./readAnswer.ts";

export interface HttpOptions {
  readonly fetch?: typeof fetch;
  /** How long a part may take to answer; default what the route says. */
  readonly timeoutMs?: number;
  /** Ends every call. */
  readonly signal?: AbortSignal | undefined;
}

/** A part of what a call needs: it may be left out where nothing of it is wanted. */
type Given<Name extends string, Value> = undefined extends Value
  ? { readonly [N in Name]?: Value }
  : Record<never, never> extends Value
    ? { readonly [N in Name]?: Value }
    : { readonly [N in Name]: Value };

export type CallInput<R extends Route> = Given<"params", Plain<ParamsOf<R>>> &
  Given<"query", Plain<QueryOf<R>>> &
  Given<"body", Plain<RequestOf<R>>> &
  Given<"caller", CallerOf<R>> & {
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number | undefined;
  };

/** The same, as it is read here. */
interface Call {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly caller?: RequestSigner | Ticket | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

const BUSY_ATTEMPTS = 4;

/** One server: its name for people and its base URL. */
export class Part {
  /** For people: `node of general-hospital`. */
  readonly name: string;
  readonly #base: string;
  readonly #options: HttpOptions;

  constructor(name: string, base: string, options: HttpOptions = {}) {
    this.name = name;
    this.#base = base.replace(/\/$/, "");
    this.#options = options;
  }

  /**
   * Asks for what a route describes; waits and repeats while the server is too busy to take it.
   *
   * @throws {AnamnesisError} UNAVAILABLE (which part) when it cannot be reached, does not answer in time or refuses with
   * something unknown; MALFORMED, TOO_LARGE and others of decoding when its answer is not what the route describes; else
   * the code that it answers.
   */
  async call<R extends Route>(route: R, input: CallInput<R>): Promise<ResponseOf<R>> {
    const call = input as Call;
    const response = await this.#accepted(route, call);
    const { response: body } = route;
    if (body.form === "stream") return this.#stream(response) as ResponseOf<R>;
    const bytes = await this.#whole(response, body.maxBytes);
    return this.#decoded(() => body.decode(bytes) as ResponseOf<R>);
  }

  async #accepted(route: Route, call: Call): Promise<Response> {
    const body = await bodyOf(route, call);
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#fetch(route, call, body);
      if (response.ok) return response;
      const error = await this.#refusal(response);
      const isOver = attempt === BUSY_ATTEMPTS || body instanceof ReadableStream;
      if (error.code !== "BUSY" || isOver) throw error;
      const seconds = Number(response.headers.get("retry-after") ?? "1");
      const waitMs = Math.min(Number.isFinite(seconds) ? seconds * 1000 : 1000, 2000);
      await pause(waitMs, AbortSignal.any(this.#ended(call)));
    }
  }

  async #fetch(route: Route, call: Call, body: Sent | undefined): Promise<Response> {
    const { params = {}, query = {} } = call;
    const address = addressOf(route, params, query);
    const url = new URL(this.#base + address.path);
    url.search = address.query;
    const headers = shown(route, call, url, body);
    if (body !== undefined) headers["content-type"] = route.request.contentType;
    const timeout = AbortSignal.timeout(this.#timeoutMs(route, call));
    // Nobody is sent elsewhere with a signed request. This also spares the copy of the body that the fetch standard
    // keeps for a redirect: a record of 1 GiB would lie in memory whole.
    const init: RequestInit & { duplex?: "half" } = {
      method: route.method,
      headers,
      signal: AbortSignal.any([...this.#ended(call), timeout]),
      redirect: "error",
    };
    if (body !== undefined) init.body = body as NonNullable<RequestInit["body"]>;
    if (body instanceof ReadableStream) init.duplex = "half";
    try {
      return await (this.#options.fetch ?? fetch)(url.href, init);
    } catch (cause) {
      throw this.#unavailable("it does not answer", cause);
    }
  }

  /** What ends a call before its time. */
  #ended({ signal }: Call): AbortSignal[] {
    return [signal, this.#options.signal].filter((each) => each !== undefined);
  }

  #timeoutMs(route: Route, { query, timeoutMs }: Call): number {
    const wait = query?.["wait"];
    const waiting = typeof wait === "number" ? wait : 0;
    return timeoutMs ?? (this.#options.timeoutMs ?? route.timeoutMs) + waiting;
  }

  async #whole(response: Response, maxBytes: number): Promise<Uint8Array> {
    try {
      return await readAnswer(response, this.name, maxBytes);
    } catch (cause) {
      if (cause instanceof AnamnesisError) throw cause;
      throw this.#unavailable("its answer broke off", cause);
    }
  }

  #decoded<T>(decode: () => T): T {
    try {
      return decode();
    } catch (cause) {
      if (!(cause instanceof AnamnesisError)) throw cause;
      const why = `The ${this.name} answers what no route of its kind may: ${cause.message}`;
      throw new AnamnesisError(cause.code, why, { cause });
    }
  }

  #stream({ body, headers }: Response): ByteStream {
    if (body === null) throw this.#unavailable("its answer has no body");
    const said = headers.get("content-length");
    const content = wholeOrBroken(body, (cause) =>
      this.#unavailable("a transfer broke off", cause),
    );
    return {
      bytes: said === null ? undefined : Number(said),
      sha256: digestIn(headers),
      content,
    };
  }

  async #refusal(response: Response): Promise<AnamnesisError> {
    try {
      const bytes = await readAnswer(response, this.name, refusalBody.maxBytes);
      const { code, message } = refusalBody.decode(bytes).error;
      if (isKnownCode(code)) return new AnamnesisError(code, message);
    } catch {
      // Whoever answers no refusal in our form refuses all the same.
    }
    return this.#unavailable(`it answered with status ${response.status}`);
  }

  #unavailable(why: string, cause?: unknown): AnamnesisError {
    return new AnamnesisError("UNAVAILABLE", `The ${this.name} cannot be used: ${why}`, {
      cause,
    });
  }
}

/** SHA-256 of the whole body, if the answer says it: Repr-Digest (RFC 9530). */
function digestIn(headers: Headers): Uint8Array | undefined {
  const found = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(headers.get("repr-digest") ?? "");
  const [, base64 = ""] = found ?? [];
  return base64 === ""
    ? undefined
    : fromBase64url(base64.replaceAll("+", "-").replaceAll("/", "_").replace("=", ""));
}

type Sent = Uint8Array | Blob | ReadableStream<Uint8Array>;

async function bodyOf({ request }: Route, { body }: Call): Promise<Sent | undefined> {
  if (request.form === "none") return undefined;
  return request.form === "stream" ? uploadOf(body as ByteStream) : request.encode(body);
}

/** The headers by which a caller is known. */
function shown(
  { caller: access, method }: Route,
  { caller }: Call,
  url: URL,
  body: Sent | undefined,
): Record<string, string> {
  if (caller === undefined) return {};
  if (access.who === "bearer")
    return { [ticketHeader]: toBase64url(ticketDocument.encode(caller as Ticket)) };
  const signer = caller as RequestSigner;
  const request = {
    method,
    authority: url.host,
    path: url.pathname,
    body: body instanceof Uint8Array ? body : new Uint8Array(0),
  };
  return signRequest(
    request,
    signer.keyId,
    (base) => signer.sign(base),
    Date.now(),
    randomBytes(16),
  );
}
