import { decodeCanonical, encodeCanonical } from "@anamnesis/crypto/verify";
import { AnamnesisError, decodeSlip, encodeHead, limits, slipCodeText } from "@anamnesis/protocol";
import type { SlipCode } from "@anamnesis/protocol";
import { readBody } from "@anamnesis/server";
import type { Answer, Incoming, Route } from "@anamnesis/server";
import { assertCarried } from "../carriedFor.ts";
import type { Chain, SlipOutcome } from "../chain.ts";
import type { NodeDeps } from "../deps.ts";
import { openIntake } from "../sessionIntake.ts";

/** Slips in, blocks and heads out (H-1 to H-7, H-16). */
export const chainRoutes = (deps: NodeDeps): readonly Route[] => [
  {
    method: "GET",
    url: "/chains",
    spec: "H-1",
    summary: "The chains kept here",
    handle: async () => ({ body: { chains: listChains(deps) } }),
  },
  {
    method: "POST",
    url: "/chains/:chain/slips",
    spec: "H-2",
    summary: "Put one slip on a chain",
    handle: (incoming) => postSlip(deps, incoming),
  },
  {
    method: "POST",
    url: "/chains/:chain/batch",
    spec: "H-3",
    summary: "Put many slips on a chain",
    handle: (incoming) => postBatch(deps, incoming),
  },
  {
    method: "POST",
    url: "/chains/:chain/groups",
    spec: "H-4",
    summary: "Take a member's group (writer)",
    handle: (incoming) => postGroup(deps, incoming),
  },
  {
    method: "POST",
    url: "/chains/:chain/sessions",
    spec: "H-16",
    summary: "Open a visit",
    handle: (incoming) => postSession(deps, incoming),
  },
  {
    method: "GET",
    url: "/chains/:chain/blocks",
    spec: "H-5",
    summary: "Committed blocks",
    handle: (incoming) => getBlocks(deps, incoming),
  },
  {
    method: "GET",
    url: "/chains/:chain/head",
    spec: "H-6",
    summary: "The newest head",
    handle: async (incoming) => ({ body: encodeHeadOf(chainOfRequest(deps, incoming)) }),
  },
  {
    method: "GET",
    url: "/chains/:chain/heads/:height",
    spec: "H-6",
    summary: "The head of a height",
    handle: (incoming) => getHeadAt(deps, incoming),
  },
];

/** @throws {AnamnesisError} NOT_FOUND */
export function chainOfRequest({ chains }: NodeDeps, { params }: Incoming): Chain {
  const chain = chains.get(params["chain"] ?? "");
  if (chain === undefined)
    throw new AnamnesisError("NOT_FOUND", "This node does not keep that chain");
  return chain;
}

/** A whole number in the query. @throws {AnamnesisError} BAD_REQUEST */
export function numberInQuery(
  { query }: Incoming,
  name: string,
  otherwise: number,
  max: number,
): number {
  const text = query[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value > max)
    throw new AnamnesisError("BAD_REQUEST", `${name} is not a whole number up to ${max}`);
  return value;
}

const listChains = ({ chains }: NodeDeps): object[] =>
  [...chains.values()].map((chain) => ({
    chain: chain.genesis.chain,
    kind: chain.genesis.kind,
    height: chain.height(),
    writer: chain.genesis.writer,
    role: chain.role,
    ...(chain.fault() === undefined ? {} : { fault: chain.fault() }),
  }));

async function postSlip(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const chain = chainOfRequest(deps, incoming);
  const slip = await readBody(incoming, limits.slipBytes);
  await mayBeCarried(deps, incoming, { chain, body: slip, slips: [slip] });
  const [outcome] = await chain.carry([slip]);
  // Says what is wrong with its form, where an outcome only says that something is.
  if (outcome?.id === "") decodeSlip(slip);
  return accepted([outcome!]);
}

async function postSession(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const chain = chainOfRequest(deps, incoming);
  const slip = await openIntake(await readBody(incoming, 2 * limits.slipBytes), chain, deps);
  return accepted(await chain.carry([slip]));
}

/** One slip's outcome as an answer. @throws {AnamnesisError} The slip's code. */
function accepted([outcome]: readonly SlipOutcome[]): Answer {
  if (outcome === undefined) throw new AnamnesisError("INTERNAL", "The chain gave no outcome");
  if (outcome.code !== "OK") throw refusal(outcome.code);
  return { body: { id: outcome.id, code: outcome.code, height: outcome.height } };
}

const refusal = (code: SlipCode): AnamnesisError => new AnamnesisError(code, slipCodeText[code]);

async function postBatch(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const chain = chainOfRequest(deps, incoming);
  const maxBytes = limits.batchSlips * limits.slipBytes;
  const body = await readBody(incoming, maxBytes);
  const slips = decodeCanonical(body, { maxBytes, views: true });
  if (!Array.isArray(slips) || slips.length === 0 || slips.length > limits.batchSlips) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      `Batch refused: want an array of 1 to ${limits.batchSlips} slips`,
    );
  }
  if (!slips.every((slip) => slip instanceof Uint8Array))
    throw new AnamnesisError("BAD_REQUEST", "Batch refused: a slip is not a byte string");
  const batch = slips as Uint8Array[];
  await mayBeCarried(deps, incoming, { chain, body, slips: batch });
  const results = await chain.carry(batch);
  return { body: { results: results.map(({ id, code, height }) => ({ id, code, height })) } };
}

async function postGroup(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const group = await readBody(incoming, limits.groupBytes);
  const { height, results } = await chainOfRequest(deps, incoming).takeGroup(group);
  return { body: { height, results: results.map(({ id, code }) => ({ id, code })) } };
}

/** @throws {AnamnesisError} FORBIDDEN, and those of the request's signature. */
const mayBeCarried = (
  deps: NodeDeps,
  incoming: Incoming,
  { chain, body, slips }: { chain: Chain; body: Uint8Array; slips: readonly Uint8Array[] },
): Promise<void> =>
  assertCarried({
    chain,
    chains: deps.chains.values(),
    slips,
    signedBy: async () => {
      const caller = await deps.callers.callerOf(incoming, body, () => {
        throw new AnamnesisError("FORBIDDEN", "Refused: want the signature of a visit's key");
      });
      return caller.publicKey;
    },
  });

async function getBlocks(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const chain = chainOfRequest(deps, incoming);
  const after = numberInQuery(incoming, "after", 0, Number.MAX_SAFE_INTEGER);
  const limit = numberInQuery(incoming, "limit", 100, 1_000);
  const wait = numberInQuery(incoming, "wait", 0, 30_000);
  return { body: encodeCanonical([...(await chain.blocks(after, limit, wait))]) };
}

const encodeHeadOf = (chain: Chain): Uint8Array => encodeHead(chain.head());

async function getHeadAt(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const height = Number(incoming.params["height"]);
  if (!Number.isSafeInteger(height) || height < 0)
    throw new AnamnesisError("BAD_REQUEST", "Height is not a whole number");
  return { body: encodeHead(await chainOfRequest(deps, incoming).headAt(height)) };
}
