import type { ErrorCode, SlipCode } from "../codes.ts";
import type { Fields, MapFields, Shape, ShapedFields } from "../shape.ts";
import type { Ticket } from "../tickets.ts";
import type { Body, BodyValue } from "./body.ts";

/** By which kind of key a request is signed (RFC 9421): that of a certificate, one that has none, or either. */
export type KeyKind = "certificate" | "key" | "either";

/**
 * Who may call.
 * - `anybody`: nothing is asked.
 * - `signer`: whoever signs with such a key; `optional` where only some requests need it, which the handler knows.
 *   `refusedAs` is the code of a signature that does not hold, where it is not `SIGNATURE_INVALID`.
 * - `bearer`: whoever has a ticket of a member's node.
 * - `operator`: a program on this machine, not a page in its browser nor whom a reverse proxy speaks for.
 */
export type Access =
  | { readonly who: "anybody" | "bearer" | "operator" }
  | {
      readonly who: "signer";
      readonly key: KeyKind;
      readonly optional: boolean;
      readonly refusedAs: ErrorCode;
    };
export const anybody = { who: "anybody" } as const satisfies Access;
export const bearer = { who: "bearer" } as const satisfies Access;
export const operator = { who: "operator" } as const satisfies Access;
export const signedBy = <const K extends KeyKind>(
  key: K,
  refusedAs: ErrorCode = "SIGNATURE_INVALID",
): { who: "signer"; key: K; optional: false; refusedAs: ErrorCode } => ({
  who: "signer",
  key,
  optional: false,
  refusedAs,
});
export const maybeSignedBy = <const K extends KeyKind>(
  key: K,
): { who: "signer"; key: K; optional: true; refusedAs: ErrorCode } => ({
  who: "signer",
  key,
  optional: true,
  refusedAs: "SIGNATURE_INVALID",
});

/** The header that carries a ticket: base64url of its canonical CBOR. */
export const ticketHeader = "x-anamnesis-ticket";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
type NameIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NameIn<Rest>
  : never;

/**
 * One thing that a server does, described once: servers, clients and OpenAPI documents are made from it.
 * What takes a `wait` in its query, in milliseconds, may take that much longer.
 */
export interface Route<
  P extends Fields = Fields,
  Q extends MapFields = MapFields,
  C extends Access = Access,
  I extends Body = Body,
  O extends Body = Body,
> {
  readonly method: Method;
  /** `/chains/{chain}`. */
  readonly path: string;
  readonly params: P;
  readonly query: Q;
  readonly caller: C;
  readonly request: I;
  readonly response: O;
  /** How long a client waits for the answer; default 15 s. */
  readonly timeoutMs: number;
  /** Counted by origin before anything is read, where the server sets such a limit. */
  readonly rate: string | undefined;
  /** Charged to its origin until it turns out good, in units of about one signature to verify; what follows from the body comes on top. */
  readonly cost: number;
  /** Refusals of its own, beside those of every route. */
  readonly codes: readonly (ErrorCode | SlipCode)[];
  /** For people, an imperative. */
  readonly summary: string;
  /** Statement of docs/spec/http.md. */
  readonly spec: string;
}
export type Routes = Readonly<Record<string, Route>>;

const TIMEOUT_MS = 15_000;

/** Describes a route. Every name in its path has a shape, and no other. */
export const route = <
  const Path extends string,
  P extends { [N in NameIn<Path>]: Shape<unknown> },
  C extends Access,
  I extends Body,
  O extends Body,
  Q extends MapFields = Record<never, never>,
>(description: {
  readonly method: Method;
  readonly path: Path;
  readonly params: P & { [N in Exclude<keyof P, NameIn<Path>>]: never };
  readonly query?: Q;
  readonly caller: C;
  readonly request: I;
  readonly response: O;
  readonly timeoutMs?: number;
  readonly rate?: string;
  /** Default 1. */
  readonly cost?: number;
  readonly codes: readonly (ErrorCode | SlipCode)[];
  readonly summary: string;
  readonly spec: string;
}): Route<P, Q, C, I, O> => ({
  timeoutMs: TIMEOUT_MS,
  cost: 1,
  ...description,
  query: description.query ?? ({} as Q),
  rate: description.rate,
});

export type ParamsOf<R> =
  R extends Route<infer P, MapFields, Access, Body, Body> ? ShapedFields<P> : never;
export type QueryOf<R> =
  R extends Route<Fields, infer Q, Access, Body, Body> ? ShapedFields<Q> : never;
export type RequestOf<R extends Route> = BodyValue<R["request"]>;
export type ResponseOf<R extends Route> = BodyValue<R["response"]>;

/** As a client may give it: names and ids as plain text, which the server judges. */
export type Plain<T> = T extends { readonly __brand: string }
  ? string
  : T extends Uint8Array | ReadableStream<Uint8Array>
    ? T
    : T extends object
      ? { [N in keyof T]: Plain<T[N]> }
      : T;

/** What a client needs in order to sign as a caller. */
export interface RequestSigner {
  /** A certificate's fingerprint, or what `bareKeyId` makes of a key. */
  readonly keyId: string;
  /** Ed25519 over the signature base as it stands, 64 bytes. */
  sign(base: Uint8Array): Uint8Array;
}
/** What a client shows of its caller. */
export type CallerOf<R extends Route> = R["caller"] extends { who: "signer"; optional: infer Maybe }
  ? Maybe extends true
    ? RequestSigner | undefined
    : RequestSigner
  : R["caller"] extends { who: "bearer" }
    ? Ticket
    : undefined;
