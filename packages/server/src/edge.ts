import type { IncomingMessage } from "node:http";
import { fromBase64url, streamOf } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  readParams,
  readQuery,
  ticketDocument,
  ticketHeader,
} from "@anamnesis/protocol";
import type { Body, ByteStream, Ticket } from "@anamnesis/protocol";
import { assertFits, bodyPieces, readBody, usualPace } from "./body.ts";
import type { Pace } from "./body.ts";
import type { CallerCheck, Certified, Judged } from "./caller.ts";
import type { Handled } from "./handle.ts";
import type { RateLimit } from "./rateLimit.ts";
import type { Spending, VainWork } from "./vainWork.ts";
import type { WaitingBytes } from "./waitingBytes.ts";

/** A request as it arrives, before anything of it was read but its head. */
export interface Arriving {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: IncomingMessage;
  readonly authority: string | undefined;
  /** Of the socket. */
  readonly remoteAddress: string;
  readonly origin: string;
}

/** What leaves: bytes, or a stream of them. */
export interface Leaving {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | undefined;
}

export interface EdgeConfig<C extends Certified> {
  /** Judges signatures; a server none of whose routes asks for one has none. */
  readonly callers?: CallerCheck<C>;
  /** By the name that a route gives its rate; counted by origin. */
  readonly rates?: Readonly<Record<string, RateLimit>>;
  readonly now: () => number;
  readonly pace?: Pace;
}

/** An edge at work: it has the rates and the check of callers that its routes ask for. */
export interface Edge<C extends Certified> extends EdgeConfig<C> {
  /** Counts what lies in memory of bodies. */
  readonly waiting: WaitingBytes;
  readonly vain: VainWork;
}

/**
 * One request through its description: what is cheap first (address, announced length), then the charge, then what costs (a
 * signature, the body, the work). Whatever is refused was not read further than it had to be.
 */
export async function answerTo<C extends Certified>(
  handled: Handled<C>,
  arriving: Arriving,
  edge: Edge<C>,
): Promise<Leaving> {
  const { route } = handled;
  const params = readParams(route.params, arriving.params);
  const query = readQuery(route.query, arriving.query);
  assertFits(announcedBytes(arriving) ?? 0, route.request.maxBytes);
  if (route.rate !== undefined) edge.rates![route.rate]!.take(arriving.origin, edge.now());
  return edge.vain.charge(arriving.origin, route.cost, (spending) =>
    answered(handled, arriving, { ...edge, params, query, spending }),
  );
}

async function answered<C extends Certified>(
  { route, answer }: Handled<C>,
  arriving: Arriving,
  {
    params,
    query,
    spending,
    ...edge
  }: Edge<C> & {
    readonly params: Record<string, unknown>;
    readonly query: Record<string, unknown>;
    readonly spending: Spending;
  },
): Promise<Leaving> {
  const { caller, assertCovers } = await judged(route, arriving, edge);
  const { origin } = arriving;
  let taken = 0;
  const take = (bytes: number): void => {
    edge.waiting.take(origin, bytes);
    taken += bytes;
  };
  try {
    const body = await requestBody(route.request, arriving, assertCovers, {
      take,
      pace: edge.pace ?? usualPace,
    });
    // What the route describes is what its handler takes: `handling` has checked it.
    const asked = { params, query, body, caller: caller as never, origin, spending };
    const value = await answer(asked);
    return leaving(route.response, value);
  } finally {
    edge.waiting.leave(origin, taken);
  }
}

type Known<C> = Omit<Judged<C>, "caller"> & { readonly caller: Judged<C>["caller"] | Ticket };

async function judged<C extends Certified>(
  { caller: access }: Handled<C>["route"],
  arriving: Arriving,
  { callers }: EdgeConfig<C>,
): Promise<Known<C>> {
  const assertCovers = (): void => undefined;
  switch (access.who) {
    case "anybody":
      return { caller: undefined, assertCovers };
    case "bearer":
      return { caller: readTicket(arriving.headers[ticketHeader]), assertCovers };
    case "operator":
      assertOperator(arriving);
      return { caller: undefined, assertCovers };
    case "signer":
      return callers!.judge(arriving, access);
  }
}

/** Content-Length, where there is one: the HTTP parser lets through nothing but a whole number. */
const announcedBytes = ({ headers }: Arriving): number | undefined => {
  const length = headers["content-length"];
  return length === undefined ? undefined : Number(length);
};

async function requestBody(
  described: Body,
  arriving: Arriving,
  assertCovers: (body: Uint8Array) => void,
  reading: { readonly take: (bytes: number) => void; readonly pace: Pace },
): Promise<unknown> {
  const bounds = { bytesMax: described.maxBytes, pace: reading.pace };
  if (described.form === "stream") {
    const content = streamOf(bodyPieces(arriving.body, bounds));
    return { bytes: announcedBytes(arriving), content } satisfies ByteStream;
  }
  const bytes = await readBody(arriving.body, { ...bounds, take: reading.take });
  assertCovers(bytes);
  return described.decode(bytes) as unknown;
}

function leaving(described: Body, value: unknown): Leaving {
  if (described.form === "none") return { headers: {}, body: undefined };
  const type = { "content-type": described.contentType };
  if (described.form !== "stream") return { headers: type, body: described.encode(value) };
  const { bytes, sha256, content } = value as ByteStream;
  const length = bytes === undefined ? {} : { "content-length": String(bytes) };
  const digest =
    sha256 === undefined
      ? {}
      : { "repr-digest": `sha-256=:${Buffer.from(sha256).toString("base64")}:` }; // RFC 9530
  return { headers: { ...type, ...length, ...digest }, body: content };
}

/** @throws {AnamnesisError} TICKET_INVALID */
function readTicket(header: string | undefined): Ticket {
  const invalid = (why: string, cause?: unknown): AnamnesisError =>
    new AnamnesisError("TICKET_INVALID", `Ticket refused: ${why}`, { cause });
  if (header === undefined) throw invalid(`there is none, want one in the header ${ticketHeader}`);
  try {
    return ticketDocument.decode(fromBase64url(header));
  } catch (cause) {
    throw invalid("it is not base64url of a ticket", cause);
  }
}

/** Pages in a browser are not the operator, nor whom a reverse proxy speaks for. @throws {AnamnesisError} FORBIDDEN */
function assertOperator({ remoteAddress, headers }: Arriving): void {
  const isLoopback = /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress);
  const isForAnother = ["origin", "forwarded", "x-forwarded-for", "via"].some(
    (name) => headers[name] !== undefined,
  );
  if (!isLoopback || isForAnother)
    throw new AnamnesisError("FORBIDDEN", "Refused: only the operator of this machine may ask");
}
