import { errorCodes, everyRoutes, refusalBody, slipCodes } from "@anamnesis/protocol";
import type { Access, Body, ErrorCode, MapFields, Route, SlipCode } from "@anamnesis/protocol";

/** Codes with which every route may refuse. */
const always: readonly ErrorCode[] = [
  "BAD_REQUEST",
  "MALFORMED",
  "TOO_LARGE",
  "TOO_SLOW",
  "BUSY",
  "RATE_LIMITED",
  "INTERNAL",
];
const SLIP_REFUSED = 409;

/** What a server does, as OpenAPI 3.1: made from the same descriptions as the server itself. */
export function openApiDocument(title: string, routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of [everyRoutes.getHealth, ...routes])
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: "3.1.0",
    info: { title: `Anamnesis ${title}`, version: "1" },
    paths,
    components: {
      schemas: { Refusal: refusalBody.schema },
      securitySchemes: {
        httpSignature: {
          type: "http",
          scheme: "signature",
          description: "RFC 9421, Ed25519, over method, authority, path and content digest",
        },
        ticket: { type: "apiKey", in: "header", name: "x-anamnesis-ticket" },
      },
    },
  };
}

const operation = (route: Route): object => ({
  summary: route.summary,
  description: `docs/spec/http.md, ${route.spec}`,
  parameters: [...parameters("path", route.params), ...parameters("query", route.query)],
  ...(route.request.form === "none"
    ? {}
    : { requestBody: { required: true, content: content(route.request) } }),
  responses: {
    "200": { description: "Done", ...answer(route.response) },
    ...refusals([...always, ...route.codes]),
  },
  security: security(route.caller),
});

const answer = (body: Body): object => (body.form === "none" ? {} : { content: content(body) });

const content = ({ contentType, schema }: Body): object => ({ [contentType]: { schema } });

const parameters = (where: "path" | "query", fields: MapFields): object[] =>
  Object.entries(fields).map(([name, field]) => ({
    name,
    in: where,
    required: !("optional" in field),
    schema: "optional" in field ? field.optional.schema : field.schema,
  }));

function refusals(codes: readonly (ErrorCode | SlipCode)[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) =>
    Object.hasOwn(slipCodes, code) ? SLIP_REFUSED : errorCodes[code as ErrorCode].status,
  );
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      String(status),
      {
        description: [...new Set(named)].join(", "),
        content: { "application/json": { schema: { $ref: "#/components/schemas/Refusal" } } },
      },
    ]),
  );
}

function security(access: Access): object[] {
  if (access.who === "bearer") return [{ ticket: [] }];
  if (access.who !== "signer") return [];
  return access.optional ? [{}, { httpSignature: [] }] : [{ httpSignature: [] }];
}
