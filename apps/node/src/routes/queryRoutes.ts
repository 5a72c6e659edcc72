import {
  certificatesPage,
  findCertificate,
  findGrant,
  findInstitutions,
  findRequest,
  findSession,
  findSlip,
  pageHeader,
  proveSlip,
  proveState,
  recordsByPid,
  recordsByTag,
  requestsByBody,
  usagePage,
} from "@anamnesis/ledger";
import type { PageOf, StateView } from "@anamnesis/ledger";
import { AnamnesisError, gidOf, nodeRoutes, pageEntries } from "@anamnesis/protocol";
import type {
  CertificateView,
  Fingerprint,
  Gid,
  ParamsOf,
  QueryOf,
  ResponseOf,
  SlipProof,
} from "@anamnesis/protocol";
import type { Caller } from "@anamnesis/server";
import type { Chain } from "../chain.ts";
import type { NodeDeps } from "../deps.ts";
import { chainNamed, isMember } from "./chainRoutes.ts";
import { handle } from "./handle.ts";
import type { Handlers } from "./handle.ts";

type InChain = Parameters<typeof chainNamed>[1];

/** What stands on a chain, with proofs (H-7 to H-14). Every answer comes from one snapshot. */
export function queryRoutes(deps: NodeDeps): Handlers {
  const read = <T>(params: InChain, query: (state: StateView) => T): T =>
    chainNamed(deps, params).snapshot(({ state }) => query(state));
  const found = <T>(params: InChain, query: (state: StateView) => T | undefined): T => {
    const value = read(params, query);
    if (value === undefined) throw new AnamnesisError("NOT_FOUND", "The chain holds no such thing");
    return value;
  };
  return [
    handle(nodeRoutes.getPage, ({ params }) => countersignedPage(deps, params)),
    handle(nodeRoutes.getSlip, ({ params }) =>
      found(params, (state) => findSlip(state, params.id)),
    ),
    handle(nodeRoutes.getSlipProof, ({ params }) => slipProof(deps, params)),
    handle(nodeRoutes.getStateProof, ({ params }) =>
      chainNamed(deps, params).snapshot(({ state, height, head }) => ({
        ...proveState(state, { chain: params.chain, height }, params.map, params.id),
        heads: [head()],
      })),
    ),
    handle(nodeRoutes.getRecords, ({ params, query }) => {
      const { found: records, ...page } = read(params, (state) => recordsBy(state, query));
      return { records, ...page };
    }),
    handle(nodeRoutes.getGrant, ({ params }) =>
      found(params, (state) => findGrant(state, params.gid)),
    ),
    handle(
      nodeRoutes.getGrantUsage,
      ({ params, query: { after, limit = pageEntries }, caller }) => {
        const reader = entriesFor(chainNamed(deps, params), params.gid, caller);
        const { found: usage, ...page } = read(params, (state) =>
          usagePage(state, params.gid, { after, limit, reader }),
        );
        return { usage, ...page };
      },
    ),
    handle(nodeRoutes.getSession, ({ params }) =>
      found(params, (state) => findSession(state, params.pid)),
    ),
    handle(nodeRoutes.getRequest, ({ params }) =>
      found(params, (state) => findRequest(state, params.id)),
    ),
    handle(nodeRoutes.getRequests, ({ params, query }) => {
      const { found: requests, ...page } = read(params, (state) =>
        requestsByBody(state, query.body, pageOf(query)),
      );
      return { requests, ...page };
    }),
    handle(nodeRoutes.getCertificate, ({ params }) =>
      found(params, (state) => findCertificate(state, params.fingerprint)),
    ),
    handle(nodeRoutes.getInstitutions, ({ params }) =>
      read(params, (state) => ({ institutions: findInstitutions(state) })),
    ),
    handle(nodeRoutes.getCertificates, ({ params, query }) => {
      if (query.name === undefined && query.institution === undefined)
        throw new AnamnesisError("BAD_REQUEST", "Want a name, an institution, or both");
      const { genesis } = chainNamed(deps, params);
      const { found: certificates, ...page } = read(params, (state) =>
        certificatesPage(state, genesis, query, pageOf(query)),
      );
      return { certificates, ...page };
    }),
  ];
}

/**
 * Whose entries of a grant's use a caller may see (D18): the grant's own key, members and auditors everybody's, everybody
 * else with a certificate their own.
 *
 * @returns The reader whose entries are meant; `undefined`: everybody's. @throws {AnamnesisError} FORBIDDEN
 */
function entriesFor(
  chain: Chain,
  gid: Gid,
  caller: Caller<CertificateView>,
): Fingerprint | undefined {
  if (caller.kind === "certificate")
    return caller.certificate.role === "auditor" ? undefined : caller.certificate.fingerprint;
  if (gidOf(caller.publicKey) === gid || isMember(chain, caller)) return undefined;
  throw new AnamnesisError("FORBIDDEN", "Refused: want the grant's own key, or a certificate");
}

const pageOf = ({ after, limit }: { after?: number; limit?: number }): PageOf => ({
  after,
  limit: limit ?? pageEntries,
});

function recordsBy(
  state: StateView,
  { tag, pid, ...page }: QueryOf<typeof nodeRoutes.getRecords>,
): ReturnType<typeof recordsByTag> {
  if (tag !== undefined && pid === undefined) return recordsByTag(state, tag, pageOf(page));
  if (pid !== undefined && tag === undefined) return recordsByPid(state, pid, pageOf(page));
  throw new AnamnesisError("BAD_REQUEST", "Want either tag or pid");
}

function countersignedPage(
  deps: NodeDeps,
  params: ParamsOf<typeof nodeRoutes.getPage>,
): ResponseOf<typeof nodeRoutes.getPage> {
  const chain = chainNamed(deps, params);
  const header = chain.snapshot(({ state }) => pageHeader(state, params.no));
  if (header === undefined)
    throw new AnamnesisError("NOT_YET", `Page ${params.no} is not sealed here yet`);
  return { header, signature: chain.countersign(header) };
}

/** A proof is made of one snapshot, and its head is of that height. */
function slipProof(deps: NodeDeps, params: ParamsOf<typeof nodeRoutes.getSlipProof>): SlipProof {
  const chain = chainNamed(deps, params);
  const proof = chain.snapshot(({ state, height, head }) => {
    const made = proveSlip(state, { chain: params.chain, height }, params.id);
    return made === undefined ? undefined : { ...made, heads: [head()] };
  });
  if (proof === undefined) throw new AnamnesisError("NOT_FOUND", "The chain holds no such slip");
  if (proof.place.in === "openPage") return proof;
  const countersignatures = [
    { institution: deps.institution, signature: chain.countersign(proof.place.header) },
  ];
  return { ...proof, place: { ...proof.place, countersignatures } };
}
