import type { Part } from "@anamnesis/http";
import { AnamnesisError, nodeRoutes } from "@anamnesis/protocol";
import type { NodeApi } from "../ports.ts";

const LISTED_MAX = 100_000;

/** Everything that a list holds, page by page. @throws {AnamnesisError} MALFORMED when it has no end. */
async function everyPage<T>(
  ask: (after: {
    readonly after?: number;
  }) => Promise<{ readonly found: readonly T[]; readonly next: number | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let after: number | undefined; ;) {
    const { found, next } = await ask(after === undefined ? {} : { after });
    all.push(...found);
    if (next === undefined) return all;
    if (next <= (after ?? -1) || all.length > LISTED_MAX)
      throw new AnamnesisError("MALFORMED", "The node answers a list without an end");
    after = next;
  }
}

/** H-2 to H-16 and H-70 over HTTP. */
export function httpNode(part: Part): NodeApi {
  return {
    submit: (chain, body, caller) =>
      part.call(nodeRoutes.postSlip, { params: { chain }, body, caller }),
    openSession: (chain, body) => part.call(nodeRoutes.postSession, { params: { chain }, body }),
    submitBatch: async (chain, body) =>
      (await part.call(nodeRoutes.postBatch, { params: { chain }, body })).results,
    head: (chain) => part.call(nodeRoutes.getHead, { params: { chain } }),
    headAt: (chain, height) => part.call(nodeRoutes.getHeadAt, { params: { chain, height } }),
    slip: (chain, id) => part.call(nodeRoutes.getSlip, { params: { chain, id } }),
    slipProof: (chain, id) => part.call(nodeRoutes.getSlipProof, { params: { chain, id } }),
    stateProof: (chain, map, id) =>
      part.call(nodeRoutes.getStateProof, { params: { chain, map, id } }),
    records: (chain, by) =>
      everyPage(async (after) => {
        const query = { ...by, ...after };
        const { records, next } = await part.call(nodeRoutes.getRecords, {
          params: { chain },
          query,
        });
        return { found: records, next };
      }),
    grant: (chain, gid) => part.call(nodeRoutes.getGrant, { params: { chain, gid } }),
    grantUsage: (chain, gid, after, caller) =>
      part.call(nodeRoutes.getGrantUsage, {
        params: { chain, gid },
        caller,
        query: after === undefined ? {} : { after },
      }),
    session: (chain, pid) => part.call(nodeRoutes.getSession, { params: { chain, pid } }),
    request: (chain, id) => part.call(nodeRoutes.getRequest, { params: { chain, id } }),
    requestsByBody: (chain, body) =>
      everyPage(async (after) => {
        const query = { body, ...after };
        const asked = { params: { chain }, query };
        const { requests, next } = await part.call(nodeRoutes.getRequests, asked);
        return { found: requests, next };
      }),
    certificate: (chain, fingerprint) =>
      part.call(nodeRoutes.getCertificate, { params: { chain, fingerprint } }),
    certificates: (chain, by) =>
      everyPage(async (after) => {
        const asked = { params: { chain }, query: { ...by, ...after } };
        const { certificates, next } = await part.call(nodeRoutes.getCertificates, asked);
        return { found: certificates, next };
      }),
    institutions: async (chain) =>
      (await part.call(nodeRoutes.getInstitutions, { params: { chain } })).institutions,
    ticket: (body, caller) => part.call(nodeRoutes.postTicket, { body, caller }),
  };
}
