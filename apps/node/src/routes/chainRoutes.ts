import { keepsBlocks } from "@anamnesis/ledger";
import { AnamnesisError, decodeSlip, nodeRoutes, slipCodeText } from "@anamnesis/protocol";
import type { ChainId, ChainView, ResponseOf, SlipOutcome } from "@anamnesis/protocol";
import type { KeyCaller } from "@anamnesis/server";
import { assertCarried } from "../carriedFor.ts";
import type { Chain } from "../chain.ts";
import type { NodeDeps } from "../deps.ts";
import { openIntake } from "../sessionIntake.ts";
import { handle } from "./handle.ts";
import type { Handlers } from "./handle.ts";

const BLOCKS = 100;
/** So many bytes of a group cost about what one signature does, before it is known who carries it. */
const GROUP_UNIT_BYTES = 8_192;

/** Slips in, blocks and heads out (H-1 to H-6, H-16). */
export const chainRoutes = (deps: NodeDeps): Handlers => [
  handle(nodeRoutes.listChains, () => ({ chains: [...deps.chains.values()].map(chainView) })),
  handle(nodeRoutes.postSlip, async ({ params, body, caller }) => {
    const chain = chainNamed(deps, params);
    await assertMayBeCarried(deps, { chain, caller, slips: [body] });
    const [outcome] = await chain.carry([body]);
    // Says what is wrong with its form, where an outcome only says that something is.
    if (outcome?.id === null) decodeSlip(body);
    return accepted(outcome);
  }),
  handle(nodeRoutes.postBatch, async ({ params, body, caller, spending }) => {
    const chain = chainNamed(deps, params);
    spending.take(body.length);
    await assertMayBeCarried(deps, { chain, caller, slips: body });
    const results = await chain.carry(body);
    spending.waste(results.filter(({ code }) => code !== "OK").length);
    return { results };
  }),
  handle(nodeRoutes.postGroup, ({ params, body, spending }) => {
    const chain = chainNamed(deps, params);
    spending.take(Math.ceil(body.length / GROUP_UNIT_BYTES));
    return chain.takeGroup(body);
  }),
  handle(nodeRoutes.postSession, async ({ params, body }) => {
    const chain = chainNamed(deps, params);
    const [outcome] = await chain.carry([await openIntake(body, chain, deps)]);
    return accepted(outcome);
  }),
  handle(
    nodeRoutes.getBlocks,
    ({ params, query: { after = 0, limit = BLOCKS, wait = 0 }, caller }) => {
      const chain = chainNamed(deps, params);
      if (!isMember(chain, caller))
        throw new AnamnesisError(
          "FORBIDDEN",
          "Refused: blocks are for nodes of this chain's members",
        );
      return chain.blocks(after, limit, wait);
    },
  ),
  handle(nodeRoutes.getHead, ({ params }) => chainNamed(deps, params).head()),
  handle(nodeRoutes.getHeadAt, ({ params }) => chainNamed(deps, params).headAt(params.height)),
];

/** @throws {AnamnesisError} NOT_FOUND */
export function chainNamed(
  { chains }: NodeDeps,
  { chain: id }: { readonly chain: ChainId },
): Chain {
  const chain = chains.get(id);
  if (chain === undefined)
    throw new AnamnesisError("NOT_FOUND", "This node does not keep that chain");
  return chain;
}

/** Whoever signs under the node key of a member that keeps blocks. */
export const isMember = (chain: Chain, { publicKey }: Pick<KeyCaller, "publicKey">): boolean =>
  chain.snapshot(({ state }) => keepsBlocks(state, publicKey));

function chainView(chain: Chain): ChainView {
  const fault = chain.fault();
  return {
    chain: chain.genesis.chain,
    kind: chain.genesis.kind,
    height: chain.height(),
    writer: chain.genesis.writer,
    role: chain.role,
    ...(fault === undefined ? {} : { fault }),
  };
}

/** @throws {AnamnesisError} The slip's code. */
function accepted(outcome: SlipOutcome | undefined): ResponseOf<typeof nodeRoutes.postSlip> {
  if (outcome === undefined) throw new AnamnesisError("INTERNAL", "The chain gave no outcome");
  const { id, code, height } = outcome;
  if (code !== "OK") throw new AnamnesisError(code, slipCodeText[code]);
  if (id === null || height === undefined)
    throw new AnamnesisError("INTERNAL", "The chain took a slip without saying where");
  return { id, code, height };
}

type Visitor = KeyCaller | undefined;

/** @throws {AnamnesisError} FORBIDDEN, SIGNATURE_REQUIRED */
const assertMayBeCarried = (
  { chains }: NodeDeps,
  { chain, caller, slips }: { chain: Chain; caller: Visitor; slips: readonly Uint8Array[] },
): Promise<void> =>
  assertCarried({
    chain,
    chains: chains.values(),
    slips,
    signedBy: async () => {
      if (caller === undefined)
        throw new AnamnesisError(
          "SIGNATURE_REQUIRED",
          "Refused: want the signature of a visit's key",
        );
      return caller.publicKey;
    },
  });
