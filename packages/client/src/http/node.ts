import type { Part } from "@anamnesis/http";
import { nodeRoutes } from "@anamnesis/protocol";
import type { NodeApi } from "../ports.ts";

/** H-2 to H-16 over HTTP. */
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
    records: async (chain, query) =>
      (await part.call(nodeRoutes.getRecords, { params: { chain }, query })).records,
    grant: (chain, gid) => part.call(nodeRoutes.getGrant, { params: { chain, gid } }),
    grantUsage: (chain, gid, after, caller) =>
      part.call(nodeRoutes.getGrantUsage, {
        params: { chain, gid },
        caller,
        query: after === undefined ? {} : { after },
      }),
    session: (chain, pid) => part.call(nodeRoutes.getSession, { params: { chain, pid } }),
    request: (chain, id) => part.call(nodeRoutes.getRequest, { params: { chain, id } }),
    requestsByBody: async (chain, body) =>
      (await part.call(nodeRoutes.getRequests, { params: { chain }, query: { body } })).requests,
    certificate: (chain, fingerprint) =>
      part.call(nodeRoutes.getCertificate, { params: { chain, fingerprint } }),
    certificates: async (chain, query) =>
      (await part.call(nodeRoutes.getCertificates, { params: { chain }, query })).certificates,
    ticket: (body, caller) => part.call(nodeRoutes.postTicket, { body, caller }),
  };
}
