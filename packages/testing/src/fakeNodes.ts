/** Nodes of all institutions over chains in memory, as far as proxies ask them; each below its institution's name. */
import { toBase64url } from "@anamnesis/crypto/verify";
import { findCertificate, findGrant, findSlip } from "@anamnesis/ledger";
import { AnamnesisError, decodeSlip, encodeHead, makeHead } from "@anamnesis/protocol";
import type {
  Fingerprint,
  Gid,
  Head,
  InstitutionId,
  Slip,
  SlipCode,
  SlipId,
} from "@anamnesis/protocol";
import { readBody, serve } from "@anamnesis/server";
import type { Incoming, Route, Server } from "@anamnesis/server";
import { keyOf, signer } from "./keys.ts";
import type { TestChain } from "./testChain.ts";

interface Committed {
  readonly appHash: Uint8Array;
  /** Unix milliseconds. */
  readonly time: number;
}

export class FakeNodes {
  readonly address: string;
  readonly clock = { now: 0 };
  /** Institutions whose nodes do not answer. */
  readonly away = new Set<string>();
  /** Institutions whose heads are this many milliseconds old. */
  readonly headAgeMs = new Map<string, number>();
  /** Institutions that sign another app hash. */
  readonly forked = new Set<string>();
  /** Slips that were posted. */
  readonly posted: Slip[] = [];
  readonly #chains = new Map<string, TestChain>();
  readonly #heights = new Map<TestChain, Map<number, Committed>>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.address = server.address;
  }

  static async start(): Promise<FakeNodes> {
    let nodes: FakeNodes | undefined;
    const get = (url: string, answer: (nodes: FakeNodes, request: Incoming) => unknown): Route => ({
      method: "GET",
      url: `/:institution/chains/:chain/${url}`,
      spec: "H-6 to H-14",
      summary: "What a node knows",
      handle: async (request) => ({
        body: found(answer(present(nodes, request), request)) as object,
      }),
    });
    const server = await serve(
      "fake-nodes",
      [
        get("head", (all, request) =>
          encodeHead(all.head(all.#chain(request), institutionOf(request))),
        ),
        get("heads/:height", (all, request) => all.#headAt(request)),
        get("slips/:id", (all, request) =>
          wire(findSlip(all.#chain(request).state, request.params["id"] as SlipId)),
        ),
        get("grants/:id", (all, request) =>
          wire(findGrant(all.#chain(request).state, request.params["id"] as Gid)),
        ),
        get("certificates/:id", (all, request) =>
          wire(findCertificate(all.#chain(request).state, request.params["id"] as Fingerprint)),
        ),
        {
          method: "POST",
          url: "/:institution/chains/:chain/slips",
          spec: "H-2",
          summary: "Take a slip",
          handle: async (request) => {
            const all = present(nodes, request);
            const slip = decodeSlip(await readBody(request));
            const code = all.commit(all.#chain(request), slip);
            if (code !== "OK") throw new AnamnesisError(code, "Refused");
            all.posted.push(slip);
            return { body: { id: slip.id, code, height: all.#chain(request).height } };
          },
        },
      ],
      { logLevel: "silent" },
    );
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
  head(chain: TestChain, institution: string): Head {
    const age = this.headAgeMs.get(institution) ?? 0;
    return this.#signed(chain, institution, chain.height, {
      appHash: chain.appHash,
      time: this.clock.now - age,
    });
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  #headAt(request: Incoming): Uint8Array | undefined {
    const chain = this.#chain(request);
    const height = Number(request.params["height"]);
    const committed = this.#heights.get(chain)?.get(height);
    return committed === undefined
      ? undefined
      : encodeHead(this.#signed(chain, institutionOf(request), height, committed));
  }

  #signed(
    chain: TestChain,
    institution: string,
    height: number,
    { appHash, time }: Committed,
  ): Head {
    const hash = this.forked.has(institution) ? appHash.map((byte) => byte ^ 1) : appHash;
    const head = {
      chain: chain.genesis.chain,
      height,
      appHash: hash,
      time,
      institution: institution as InstitutionId,
    };
    return makeHead(head, signer(keyOf(institution)));
  }

  #chain(request: Incoming): TestChain {
    return found(this.#chains.get(request.params["chain"] ?? ""));
  }
}

function present(nodes: FakeNodes | undefined, request: Incoming): FakeNodes {
  if (nodes === undefined || nodes.away.has(institutionOf(request)))
    throw new AnamnesisError("UNAVAILABLE", "Away");
  return nodes;
}

const institutionOf = ({ params }: Incoming): string => params["institution"] ?? "";

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new AnamnesisError("NOT_FOUND", "There is none");
  return value;
}

/** Byte strings as base64url, as nodes answer them. */
function wire(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64url(value);
  if (Array.isArray(value)) return value.map(wire);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, wire(item)]));
}
