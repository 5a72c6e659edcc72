import type { Route } from "./http.ts";

const errorResponse = {
  description: "Refused",
  content: {
    "application/json": {
      schema: {
        type: "object",
        required: ["error"],
        properties: {
          error: {
            type: "object",
            required: ["code", "message"],
            properties: { code: { type: "string" }, message: { type: "string" } },
          },
        },
      },
    },
  },
};

/** The table of routes as OpenAPI 3.1. */
export function openApiDocument(title: string, routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {
    "/health": {
      get: {
        summary: "Whether the server answers",
        responses: { "200": { description: "It does" } },
      },
    },
  };
  for (const { method, url, summary, spec } of routes) {
    const path = url.replaceAll(/:(\w+)/g, "{$1}");
    const parameters = [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }));
    (paths[path] ??= {})[method.toLowerCase()] = {
      summary,
      description: `docs/spec/http.md, ${spec}`,
      parameters,
      responses: { "200": { description: "Done" }, default: errorResponse },
    };
  }
  return { openapi: "3.1.0", info: { title: `Anamnesis ${title}`, version: "1" }, paths };
}
