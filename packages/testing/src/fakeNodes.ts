/** Nodes of all institutions over chains in memory, as far as proxies ask them; each below its institution's name. */
import { findCertificate, findGrant, findSlip, proveState } from "@anamnesis/ledger";
import {
  AnamnesisError,
  NonceMemory,
  decodeSlip,
  encodePayload,
  encodeSlip,
  institutionIdShape,
  makeHead,
  nodeRoutes,
} from "@anamnesis/protocol";
import type {
  Access,
  Body,
  ChainId,
  Fields,
  Head,
  InstitutionId,
  MapFields,
  Route,
  Shape,
  Slip,
  SlipCode,
  SlipId,
} from "@anamnesis/protocol";
import { CallerCheck, handling, serve } from "@anamnesis/server";
import type { Certified, Server } from "@anamnesis/server";
import { keyOf, signer } from "./keys.ts";
import type { TestChain } from "./testChain.ts";

interface Committed {
  readonly appHash: Uint8Array;
  /** Unix milliseconds. */
  readonly time: number;
}
interface At {
  readonly institution: InstitutionId;
  readonly chain: ChainId;
}

/** The same route below an institution's name. */
function below<
  P extends Fields,
  Q extends MapFields,
  C extends Access,
  I extends Body,
  O extends Body,
>(route: Route<P, Q, C, I, O>): Route<P & { institution: Shape<InstitutionId> }, Q, C, I, O> {
  return {
    ...route,
    path: `/{institution}${route.path}`,
    params: { ...route.params, institution: institutionIdShape },
  };
}

const routes = {
  getHead: below(nodeRoutes.getHead),
  getHeadAt: below(nodeRoutes.getHeadAt),
  getSlip: below(nodeRoutes.getSlip),
  getGrant: below(nodeRoutes.getGrant),
  getCertificate: below(nodeRoutes.getCertificate),
  getStateProof: below(nodeRoutes.getStateProof),
  postSlip: below(nodeRoutes.postSlip),
};

export class FakeNodes {
  readonly address: string;
  readonly clock = { now: 0 };
  /** Institutions whose nodes do not answer. */
  readonly away = new Set<string>();
  /** Institutions whose heads are this many milliseconds old. */
  readonly headAgeMs = new Map<string, number>();
  /** What institutions say in their newest heads, in place of what is so. */
  readonly headLies = new Map<string, Partial<Omit<Head, "signature">>>();
  /** Institutions that sign another app hash. */
  readonly forked = new Set<string>();
  /** Labels of the keys under which nodes sign, where these are not their institutions' first ones. */
  readonly keys = new Map<string, string>();
  /** Slips that were posted. */
  readonly posted: Slip[] = [];
  /** Slips that nodes tell otherwise than the chain holds them. */
  readonly #lies = new Map<SlipId, Uint8Array>();
  readonly #chains = new Map<string, TestChain>();
  readonly #heights = new Map<TestChain, Map<number, Committed>>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.address = server.address;
  }

  static async start(): Promise<FakeNodes> {
    let nodes: FakeNodes | undefined;
    const handle = handling<Certified>();
    const at = (params: At): { all: FakeNodes; chain: TestChain } => {
      if (nodes === undefined || nodes.away.has(params.institution))
        throw new AnamnesisError("UNAVAILABLE", "Away");
      return { all: nodes, chain: found(nodes.#chains.get(params.chain)) };
    };
    const handled = [
      handle(routes.getHead, ({ params }) => {
        const { all, chain } = at(params);
        return all.head(chain, params.institution);
      }),
      handle(routes.getHeadAt, ({ params }) => {
        const { all, chain } = at(params);
        const committed = found(all.#heights.get(chain)?.get(params.height));
        return all.#signed(chain, params.institution, params.height, committed);
      }),
      handle(routes.getSlip, ({ params }) => {
        const { all, chain } = at(params);
        const view = found(findSlip(chain.state, params.id));
        return { ...view, slip: all.#lies.get(params.id) ?? view.slip };
      }),
      handle(routes.getGrant, ({ params }) => found(findGrant(at(params).chain.state, params.gid))),
      handle(routes.getCertificate, ({ params }) =>
        found(findCertificate(at(params).chain.state, params.fingerprint)),
      ),
      handle(routes.getStateProof, ({ params }) => {
        const { chain } = at(params);
        const subject = { chain: chain.genesis.chain, height: chain.height };
        return proveState(chain.state, subject, params.map, params.id);
      }),
      handle(routes.postSlip, ({ params, body }) => {
        const { all, chain } = at(params);
        const slip = decodeSlip(body);
        const code = all.commit(chain, slip);
        if (code !== "OK") throw new AnamnesisError(code, "Refused");
        all.posted.push(slip);
        return { id: slip.id, code: "OK" as const, height: chain.height };
      }),
    ];
    const server = await serve("fake-nodes", routes, handled, {
      logLevel: "silent",
      now: Date.now,
      callers: new CallerCheck({
        now: Date.now,
        nonces: new NonceMemory(),
        certificateOf: () => {
          throw new AnamnesisError("CERTIFICATE_NOT_LIVE", "Nobody signs here");
        },
      }),
    });
    nodes = new FakeNodes(server);
    return nodes;
  }

  serves(chain: TestChain): void {
    this.#chains.set(chain.genesis.chain, chain);
    this.#heights.set(chain, new Map([[0, { appHash: chain.appHash, time: chain.time }]]));
  }

  /** Puts one slip into a block at the clock's time. */
  commit(
    chain: TestChain,
    slip: { readonly id: SlipId; readonly bytes: Uint8Array },
    carrier?: string,
  ): SlipCode {
    const code = chain.submit(slip, carrier, Math.max(1, this.clock.now - chain.time));
    this.clock.now = Math.max(this.clock.now, chain.time);
    this.#heights.get(chain)?.set(chain.height, { appHash: chain.appHash, time: this.clock.now });
    return code;
  }

  /** An institution's newest head, signed now or as long ago as `headAgeMs` says. */
  head(chain: TestChain, institution: InstitutionId): Head {
    const age = this.headAgeMs.get(institution) ?? 0;
    const newest = { appHash: chain.appHash, time: this.clock.now - age };
    return this.#signed(chain, institution, chain.height, newest, this.headLies.get(institution));
  }

  /** From now on nodes tell a slip with other fields than the chain holds. */
  lie(chain: TestChain, id: SlipId, change: object): void {
    const slip = decodeSlip(found(findSlip(chain.state, id)).slip);
    const payload = encodePayload(slip.kind, slip, { ...slip.fields, ...change } as never);
    this.#lies.set(id, encodeSlip(payload, slip.signature));
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  #signed(
    chain: TestChain,
    institution: InstitutionId,
    height: number,
    { appHash, time }: Committed,
    lie: Partial<Omit<Head, "signature">> = {},
  ): Head {
    const hash = this.forked.has(institution) ? appHash.map((byte) => byte ^ 1) : appHash;
    const head = { chain: chain.genesis.chain, height, appHash: hash, time, institution, ...lie };
    return makeHead(head, signer(keyOf(this.keys.get(institution) ?? institution)));
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new AnamnesisError("NOT_FOUND", "There is none");
  return value;
}
