import { Readable } from "node:stream";
import Fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { pino } from "pino";
import { AnamnesisError, everyRoutes, invariant, limits } from "@anamnesis/protocol";
import type { Route, Routes } from "@anamnesis/protocol";
import { OwnAuthorities } from "./authority.ts";
import type { Pace } from "./body.ts";
import type { Certified } from "./caller.ts";
import { boundConnections } from "./connections.ts";
import type { ConnectionBound } from "./connections.ts";
import { answerTo } from "./edge.ts";
import type { Arriving, EdgeConfig, Leaving } from "./edge.ts";
import { failureOf } from "./failure.ts";
import { handling } from "./handle.ts";
import type { Handled } from "./handle.ts";
import { openApiDocument } from "./openApi.ts";
import { originOf } from "./origin.ts";
import { VainWork } from "./vainWork.ts";
import { WaitingBytes } from "./waitingBytes.ts";
import type { WaitingBound } from "./waitingBytes.ts";

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
  /** How fast bodies have to come. */
  readonly bodyPace?: Pace;
  /** Connections at once; default {@link usualConnections}. */
  readonly connections?: ConnectionBound;
  /** Bytes of bodies in memory at once; default {@link usualWaiting}. */
  readonly waitingBytes?: WaitingBound;
  /** Units of work in vain for one origin in a minute; default `limits.vainWork`. */
  readonly vainWork?: number;
  /** Why the server is not to be relied on, if it is not; `GET /health` then answers `UNAVAILABLE` and why. */
  readonly fault?: () => string | undefined;
}

export interface Server {
  /** `http://host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/** Every institution of a small federation may sit on one machine, behind one address. */
const usualConnections: ConnectionBound = {
  perOrigin: limits.connectionsPerOrigin,
  inAll: limits.connections,
};
const usualWaiting: WaitingBound = {
  perOrigin: limits.waitingBytesPerOrigin,
  inAll: limits.waitingBytes,
};

/** Longest an upload may take; a socket that is silent for {@link IDLE_MS}, longer than any long poll, is closed earlier. */
const REQUEST_MS = 3_600_000;
const IDLE_MS = 45_000;

/**
 * Serves what is described. The log holds method, route pattern, status and time: no ids, no addresses, no bodies.
 *
 * @param routes - All that this server does; every one has a handler in `handled`, and only one.
 */
export async function serve<C extends Certified>(
  title: string,
  routes: Routes,
  handled: readonly Handled<C>[],
  config: HttpConfig & EdgeConfig<C>,
): Promise<Server> {
  assertHandled(routes, handled);
  for (const route of Object.values(routes)) assertJudged(route, config);
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
    if (status === 413 || status === 408) void reply.header("connection", "close"); // Nobody reads the rest.
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
  boundConnections(app.server, config.connections ?? usualConnections, config.reverseProxies ?? []);
  const pace = config.bodyPace;
  const waiting = new WaitingBytes(config.waitingBytes ?? usualWaiting);
  const vain = new VainWork(config.vainWork ?? limits.vainWork, config.now);
  const edge = { ...config, waiting, vain, ...(pace === undefined ? {} : { pace }) };
  const health = healthOf(config);
  for (const each of [health, ...handled]) {
    app.route({
      method: each.route.method,
      url: each.route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      handler: async (request, reply) => {
        const left = await answerTo(each, arriving(request, authorities), edge);
        return send(reply, left);
      },
    });
  }
  const document = openApiDocument(
    title,
    handled.map(({ route }) => route),
  );
  app.get("/openapi.json", () => document);
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

/** @throws {InvariantError} A route without a handler would be a promise that nobody keeps. */
function assertHandled<C>(routes: Routes, handled: readonly Handled<C>[]): void {
  const all = Object.values(routes);
  const served = new Set(handled.map(({ route }) => route));
  for (const route of all)
    invariant(served.has(route), `${route.method} ${route.path} has no handler`);
  invariant(
    served.size === handled.length && served.size === all.length,
    "a handler stands twice, or for a route of another server",
  );
}

/** @throws {InvariantError} What a description promises to judge, this server has to be able to. */
function assertJudged<C extends Certified>(
  { method, path, rate, caller, request }: Route,
  { rates, callers }: EdgeConfig<C>,
): void {
  const name = `${method} ${path}`;
  invariant(rate === undefined || rates?.[rate] !== undefined, `${name} has no rate '${rate}'`);
  if (caller.who !== "signer") return;
  invariant(callers !== undefined, `nobody judges the signatures of ${name}`);
  invariant(request.form !== "stream", `nobody compares the body of ${name} with what was signed`);
}

const healthOf = <C>({ fault }: HttpConfig): Handled<C> =>
  handling<C>()(everyRoutes.getHealth, () => {
    const why = fault?.();
    if (why !== undefined) throw new AnamnesisError("UNAVAILABLE", why);
    return { status: "ok" as const };
  });

const arriving = (request: FastifyRequest, authorities: OwnAuthorities): Arriving => ({
  method: request.method,
  path: request.url.split("?", 1)[0]!,
  query: request.query as Record<string, unknown>,
  params: request.params as Record<string, string>,
  headers: request.headers as Record<string, string | undefined>,
  body: request.raw,
  authority: authorities.named(request.headers.host),
  remoteAddress: request.socket.remoteAddress ?? "",
  origin: originOf(request.ip),
});

function send(reply: FastifyReply, { headers, body }: Leaving): FastifyReply {
  void reply.headers({ "cache-control": "no-store", ...headers });
  if (body === undefined) return reply.send();
  if (body instanceof Uint8Array)
    return reply.send(Buffer.from(body.buffer, body.byteOffset, body.length));
  return reply.request.method === "HEAD" ? reply.send() : reply.send(Readable.fromWeb(body));
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
