import { Readable } from "node:stream";
import Fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { pino } from "pino";
import { AnamnesisError } from "@anamnesis/protocol";
import { OwnAuthorities } from "./authority.ts";
import { failureOf } from "./failure.ts";
import { openApiDocument } from "./openApi.ts";
import { originOf } from "./origin.ts";

/** A request as handlers see it: no framework. */
export interface Incoming {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readable;
  /** Which of this server's authorities the Host header names; `undefined` if it names another server. */
  readonly authority: string | undefined;
  /** Of the socket. */
  readonly remoteAddress: string;
  /** Whom limits count where nothing better is known: an address or network (see `originOf`). */
  readonly origin: string;
}

/** What a handler answers: CBOR for bytes, octets for chunks, JSON for any other object. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | Uint8Array | AsyncIterable<Uint8Array>;
}

export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Path with `:name` for parameters. */
  readonly url: string;
  readonly summary: string;
  /** Statement of docs/spec/http.md. */
  readonly spec: string;
  readonly handle: (request: Incoming) => Promise<Answer>;
}

export interface HttpConfig {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /**
   * By which host and port, or URL, callers reach this server, beside the address it listens on: signed requests for any
   * other are refused. Default what genesis says of it, where it names it.
   */
  readonly authorities?: readonly string[];
  /** Addresses or networks (CIDR) of reverse proxies whose `X-Forwarded-For` is believed; default none. */
  readonly reverseProxies?: readonly string[];
  /** Default `info`; `silent` for none. */
  readonly logLevel?: string;
  /** Origins whose pages may call from a browser; default none. */
  readonly corsOrigins?: readonly string[];
  /** Why the server is not to be relied on, if it is not; `GET /health` then answers 503. */
  readonly fault?: () => string | undefined;
}

export interface Server {
  /** `http://host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/** Longest an upload may take; a socket that is silent for {@link IDLE_MS}, longer than any long poll, is closed earlier. */
const REQUEST_MS = 3_600_000;
const IDLE_MS = 45_000;

/** Serves routes. The log holds method, route pattern, status and time: no ids, no addresses, no bodies. */
export async function serve(
  title: string,
  routes: readonly Route[],
  config: HttpConfig,
): Promise<Server> {
  const log = pino({ name: title, level: config.logLevel ?? "info", base: null });
  const app = Fastify({
    exposeHeadRoutes: false,
    requestTimeout: REQUEST_MS,
    connectionTimeout: IDLE_MS,
    forceCloseConnections: true,
    trustProxy: config.reverseProxies === undefined ? false : [...config.reverseProxies],
  });
  const authorities = new OwnAuthorities(config.authorities ?? []);
  const refuse = (error: unknown, reply: FastifyReply): FastifyReply => {
    const { status, body, bug } = failureOf(error);
    if (status === 429 || status === 503) void reply.header("retry-after", "1");
    if (status === 413) void reply.header("connection", "close"); // Nobody reads the rest.
    if (bug) log.error({ err: error }, "unexpected fault");
    return reply.code(status).send(body);
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.setErrorHandler((error, _request, reply) => refuse(error, reply));
  app.setNotFoundHandler((_request, reply) =>
    refuse(
      new AnamnesisError("NOT_FOUND", "No such address; /openapi.json names what there is"),
      reply,
    ),
  );
  admitBrowsers(app, config.corsOrigins ?? []);
  app.addHook("onRequest", (request, _reply, done) => done(compressedBody(request)));
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unknown";
    log.info({
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    });
    done();
  });
  app.get("/health", (_request, reply) => {
    const fault = config.fault?.();
    return fault === undefined
      ? { status: "ok" }
      : reply.code(503).send({ status: "fault", fault });
  });
  app.get("/openapi.json", () => openApiDocument(title, routes));
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.url,
      handler: (request, reply) => answer(route, authorities, request, reply),
    });
  }
  const host = config.host ?? "127.0.0.1";
  const address = await listening(app, host, config.port ?? 0);
  authorities.listensOn(address, host);
  return { address, stop: () => app.close() };
}

/** @throws {AnamnesisError} UNAVAILABLE when another program listens there. */
async function listening(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "EADDRINUSE") throw cause;
    const message = `Port ${port} is taken by another program; want a free one`;
    throw new AnamnesisError("UNAVAILABLE", message, { cause });
  }
}

async function answer(
  route: Route,
  authorities: OwnAuthorities,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { status, headers, body } = await route.handle({
    method: request.method,
    path: request.url.split("?", 1)[0]!,
    query: request.query as Record<string, string | undefined>,
    params: request.params as Record<string, string>,
    headers: request.headers as Record<string, string | undefined>,
    body: request.raw,
    authority: authorities.named(request.headers.host),
    remoteAddress: request.socket.remoteAddress ?? "",
    origin: originOf(request.ip),
  });
  void reply.code(status ?? 200).headers({ "cache-control": "no-store", ...headers });
  if (body === undefined) return reply.send();
  if (body instanceof Uint8Array)
    return reply
      .type("application/cbor")
      .send(Buffer.from(body.buffer, body.byteOffset, body.length));
  if (!(Symbol.asyncIterator in body)) return reply.send(body);
  return reply.type("application/octet-stream").send(Readable.from(body));
}

function compressedBody(request: FastifyRequest): Error | undefined {
  const encoding = request.headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return undefined;
  return new AnamnesisError("BAD_REQUEST", "Body is compressed; want it as it is");
}

/** Cross-origin requests (WHATWG Fetch) from the pages named, without credentials. */
function admitBrowsers(app: FastifyInstance, origins: readonly string[]): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return done();
    void reply.headers({ "access-control-allow-origin": origin, vary: "origin" });
    void reply.header("access-control-expose-headers", "retry-after, repr-digest");
    if (request.method !== "OPTIONS") return done();
    void reply.headers({
      "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE",
      "access-control-allow-headers":
        "content-type, content-digest, signature, signature-input, x-anamnesis-ticket, x-anamnesis-chain",
      "access-control-max-age": "600",
    });
    void reply.code(204).send();
  });
}
