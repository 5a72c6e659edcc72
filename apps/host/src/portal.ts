import { readFile } from "node:fs/promises";
import fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AnamnesisError, errorBody, errorCodes } from "@anamnesis/protocol";
import type { ErrorCode, Trust } from "@anamnesis/protocol";
import { places } from "@anamnesis/client/folder";
import { encodingFor } from "./compressed.ts";
import { addressesOf } from "./health.ts";
import { portalFiles } from "./portalFiles.ts";

export interface Portal {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves the portal on loopback: its files and `trust.json`; in a demo federation also the demo persons' devices.
 * It holds no key of its own, and what it serves is the same for everyone on this machine.
 *
 * @param port - From {@link portalPort}: it is known before the servers start, because they allow this origin.
 */
export async function startPortal(dir: string, trust: Trust, port: number): Promise<Portal> {
  const app = fastify({ logger: false, bodyLimit: 16 * 1024 * 1024, requestTimeout: 30_000 });
  const origin = `http://127.0.0.1:${port}`;
  const policy = contentPolicy(trust);
  const fileAt = await portalFiles();

  app.addContentTypeParser(
    "application/octet-stream",
    { parseAs: "buffer" },
    (_request, body, done) => done(null, body),
  );
  app.addHook("onRequest", async (request, reply) => {
    refuseOtherSites(request, port);
    void reply.headers({ ...fixedHeaders, "content-security-policy": policy });
  });
  app.setErrorHandler((error, _request, reply) => answerError(error, reply));
  app.get("/health", () => ({ status: "ok" }));
  app.get("/trust.json", async (_request, reply) => {
    void reply.type("application/json").header("cache-control", "no-store");
    return readFile(places(dir).trust);
  });
  if (trust.chains.every(({ demo }) => demo)) {
    const { demoRoutes } = await import("./demo/routes.ts");
    demoRoutes(app, dir);
  }
  serveFiles(app, fileAt);

  await app.listen({ host: "127.0.0.1", port });
  return { url: `${origin}/`, stop: () => app.close() };
}

function serveFiles(app: FastifyInstance, fileAt: Awaited<ReturnType<typeof portalFiles>>): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = new URL(request.url, "http://portal.invalid").pathname;
    const accepted = request.headers["accept-encoding"]?.toString();
    const isRead = request.method === "GET" || request.method === "HEAD";
    const file =
      isRead && !path.startsWith("/demo/") ? await fileAt(path, encodingFor(accepted)) : undefined;
    if (file === undefined)
      return answerError(new AnamnesisError("NOT_FOUND", "The portal has no such page"), reply);
    const caching = file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache";
    if (file.encoding !== undefined) void reply.header("content-encoding", file.encoding);
    return reply
      .type(file.mediaType)
      .headers({ "cache-control": caching, vary: "accept-encoding" })
      .send(file.bytes);
  });
}

const fixedHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
} as const;

/** Nothing but the portal's own files runs; it may speak to the federation's servers and nobody else. */
function contentPolicy(trust: Trust): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "frame-src blob:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    `connect-src ${["'self'", ...addressesOf(trust).keys()].join(" ")}`,
  ].join("; ");
}

/** Another site's page, or a name that was pointed at loopback, gets nothing. @throws {AnamnesisError} FORBIDDEN */
function refuseOtherSites(request: FastifyRequest, port: number): void {
  const processes = [`127.0.0.1:${port}`, `localhost:${port}`];
  const origin = request.headers.origin;
  const isOurs = processes.includes(request.headers.host ?? "");
  const isOurPage = origin === undefined || processes.some((host) => origin === `http://${host}`);
  if (isOurs && isOurPage) return;
  throw new AnamnesisError("FORBIDDEN", "The portal answers only its own pages on this machine");
}

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  const { code, message, statusCode } = error as {
    code?: unknown;
    message?: unknown;
    statusCode?: unknown;
  };
  if (typeof code === "string" && Object.hasOwn(errorCodes, code)) {
    return reply
      .status(errorCodes[code as ErrorCode].status)
      .send(errorBody(code, String(message)));
  }
  const isCallers = typeof statusCode === "number" && statusCode < 500;
  return isCallers
    ? reply.status(statusCode).send(errorBody("BAD_REQUEST", String(message)))
    : reply.status(500).send(errorBody("INTERNAL", "The portal failed inside"));
}
