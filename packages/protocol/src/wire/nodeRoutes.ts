import { headDocument } from "../heads.ts";
import { chainIdShape, gidShape, pidShape, slipIdShape } from "../ids.ts";
import { limits } from "../limits.ts";
import { pageHeaderShape } from "../pages.ts";
import { mapNames, slipProofDocument, stateProofDocument } from "../proofs.ts";
import {
  blob,
  bytes,
  hexId,
  item,
  list,
  object,
  oneOf,
  optional,
  text,
  uint,
  uintUpTo,
} from "../shape.ts";
import { ticketDocument } from "../tickets.ts";
import { cbor, json, nothing, octets } from "./body.ts";
import { directoryRoutes } from "./directoryRoutes.ts";
import { atMost, next, page, pageEntries, place } from "./paging.ts";
import { anybody, maybeSignedBy, route, signedBy } from "./route.ts";
import {
  acceptedShape,
  chainViewShape,
  digestShape,
  grantViewShape,
  outcomeShape,
  recordViewShape,
  requestViewShape,
  sessionViewShape,
  slipViewShape,
  usageViewShape,
} from "./views.ts";

const CBOR = "application/cbor";
/** A slip waits until its node has committed it; batches and groups are long. */
const SUBMIT_MS = 60_000;
/** An opened seal and three signatures. */
const INTAKE_COST = 50;
const SMALL_BYTES = 64 * 1024;
const blocksBytes = 256 * 1024 * 1024;

const chain = { chain: chainIdShape };
const wait = { wait: optional(uintUpTo(30_000)) };
/** What a slip may be refused with beside its slip code. */
const carrying = ["FORBIDDEN", "BUSY", "STORAGE_FULL", "WRITER_AWAY", "UNAVAILABLE"] as const;
const lists = limits.answerJsonBytes;

/** Slips in one call, each as its canonical CBOR. */
export const batchDocument = item(
  "Batch",
  list(blob(limits.batchSlips * limits.slipBytes), limits.batchSlips, 1),
  limits.batchSlips * limits.slipBytes,
  true,
);
const blocksDocument = item("Blocks", list(blob(blocksBytes), 1_000), blocksBytes, true);

/** Chains (H-1 to H-16) at the node of a member; its boxes stand in `mailboxRoutes`. */
export const nodeRoutes = {
  listChains: route({
    method: "GET",
    path: "/chains",
    params: {},
    caller: anybody,
    request: nothing,
    response: json("Chains", object({ chains: list(chainViewShape, 1_024) }), SMALL_BYTES),
    codes: [],
    summary: "List the chains kept here",
    spec: "H-1",
  }),
  postSlip: route({
    method: "POST",
    path: "/chains/{chain}/slips",
    params: chain,
    caller: maybeSignedBy("key"),
    request: octets(limits.slipBytes, CBOR),
    response: json("Result of a slip", acceptedShape, SMALL_BYTES),
    timeoutMs: SUBMIT_MS,
    codes: carrying,
    summary: "Put one slip on a chain",
    spec: "H-2",
  }),
  postBatch: route({
    method: "POST",
    path: "/chains/{chain}/batch",
    params: chain,
    caller: maybeSignedBy("key"),
    request: cbor(batchDocument),
    response: json(
      "Result of a batch",
      object({ results: list(outcomeShape, limits.batchSlips) }),
      limits.batchSlips * 256,
    ),
    timeoutMs: SUBMIT_MS,
    codes: carrying,
    summary: "Put many slips on a chain",
    spec: "H-3",
  }),
  postGroup: route({
    method: "POST",
    path: "/chains/{chain}/groups",
    params: chain,
    caller: anybody,
    request: octets(limits.groupBytes, CBOR),
    response: json(
      "Result of a group",
      object({ height: uint, results: list(outcomeShape, limits.groupSlips) }),
      SMALL_BYTES,
    ),
    timeoutMs: SUBMIT_MS,
    codes: carrying,
    summary: "Take a member's group",
    spec: "H-4",
  }),
  postSession: route({
    method: "POST",
    path: "/chains/{chain}/sessions",
    params: chain,
    caller: anybody,
    request: octets(2 * limits.slipBytes),
    response: json("Result of a visit's slip", acceptedShape, SMALL_BYTES),
    timeoutMs: SUBMIT_MS,
    cost: INTAKE_COST,
    codes: [...carrying, "SLIP_SIGNATURE", "CERTIFICATE_INVALID", "CERTIFICATE_NOT_LIVE"],
    summary: "Open a visit",
    spec: "H-16",
  }),
  getBlocks: route({
    method: "GET",
    path: "/chains/{chain}/blocks",
    params: chain,
    query: { after: optional(place), limit: atMost(1_000), ...wait },
    caller: signedBy("key"),
    request: nothing,
    response: cbor(blocksDocument),
    codes: ["FORBIDDEN"],
    summary: "Read committed blocks, or wait for one",
    spec: "H-5",
  }),
  getHead: route({
    method: "GET",
    path: "/chains/{chain}/head",
    params: chain,
    caller: anybody,
    request: nothing,
    response: cbor(headDocument),
    codes: [],
    summary: "Read the newest head",
    spec: "H-6",
  }),
  getHeadAt: route({
    method: "GET",
    path: "/chains/{chain}/heads/{height}",
    params: { ...chain, height: place },
    caller: anybody,
    request: nothing,
    response: cbor(headDocument),
    codes: ["NOT_YET"],
    summary: "Read the head of a height",
    spec: "H-6",
  }),
  getPage: route({
    method: "GET",
    path: "/chains/{chain}/pages/{no}",
    params: { ...chain, no: place },
    caller: anybody,
    request: nothing,
    response: json("Page", object({ header: pageHeaderShape, signature: bytes(64) }), SMALL_BYTES),
    codes: ["NOT_YET"],
    summary: "Read a page's header, countersigned",
    spec: "H-7",
  }),
  getSlip: route({
    method: "GET",
    path: "/chains/{chain}/slips/{id}",
    params: { ...chain, id: slipIdShape },
    caller: anybody,
    request: nothing,
    response: json("Slip", slipViewShape, SMALL_BYTES),
    codes: [],
    summary: "Read a slip",
    spec: "H-8",
  }),
  getSlipProof: route({
    method: "GET",
    path: "/chains/{chain}/slips/{id}/proof",
    params: { ...chain, id: slipIdShape },
    caller: anybody,
    request: nothing,
    response: cbor(slipProofDocument),
    codes: [],
    summary: "Prove that a slip stands on the chain",
    spec: "H-9",
  }),
  getStateProof: route({
    method: "GET",
    path: "/chains/{chain}/state/{map}/{id}/proof",
    params: { ...chain, map: oneOf(...mapNames), id: text(64, 1) },
    caller: anybody,
    request: nothing,
    response: cbor(stateProofDocument),
    codes: [],
    summary: "Prove what a map of the state says about an id, or that it says nothing",
    spec: "H-10",
  }),
  getRecords: route({
    method: "GET",
    path: "/chains/{chain}/records",
    params: chain,
    query: { tag: optional(hexId<string>(16)), pid: optional(pidShape), ...page },
    caller: anybody,
    request: nothing,
    response: json(
      "Records",
      object({ records: list(recordViewShape, pageEntries), ...next }),
      lists,
    ),
    codes: [],
    summary: "List records by tag or by visit, one of the two",
    spec: "H-11",
  }),
  getGrant: route({
    method: "GET",
    path: "/chains/{chain}/grants/{gid}",
    params: { ...chain, gid: gidShape },
    caller: anybody,
    request: nothing,
    response: json("Grant", grantViewShape, SMALL_BYTES),
    codes: [],
    summary: "Read what a chain says of a grant",
    spec: "H-12",
  }),
  getGrantUsage: route({
    method: "GET",
    path: "/chains/{chain}/grants/{gid}/usage",
    params: { ...chain, gid: gidShape },
    query: page,
    caller: signedBy("either"),
    request: nothing,
    response: json(
      "Use of a grant",
      object({
        usage: list(usageViewShape, pageEntries),
        ...next,
      }),
      lists,
    ),
    codes: ["FORBIDDEN", "CERTIFICATE_NOT_LIVE"],
    summary: "List what was done under a grant, oldest first",
    spec: "H-12a",
  }),
  getSession: route({
    method: "GET",
    path: "/chains/{chain}/sessions/{pid}",
    params: { ...chain, pid: pidShape },
    caller: anybody,
    request: nothing,
    response: json("Visit", sessionViewShape, lists),
    codes: [],
    summary: "Read a visit",
    spec: "H-12b",
  }),
  getRequest: route({
    method: "GET",
    path: "/chains/{chain}/requests/{id}",
    params: { ...chain, id: slipIdShape },
    caller: anybody,
    request: nothing,
    response: json("Access request", requestViewShape, SMALL_BYTES),
    codes: [],
    summary: "Read an access request",
    spec: "H-13",
  }),
  getRequests: route({
    method: "GET",
    path: "/chains/{chain}/requests",
    params: chain,
    query: { body: digestShape, ...page },
    caller: anybody,
    request: nothing,
    response: json(
      "Access requests",
      object({ requests: list(requestViewShape, pageEntries), ...next }),
      lists,
    ),
    codes: [],
    summary: "List access requests by the digest of their body",
    spec: "H-13",
  }),
  ...directoryRoutes,
  postTicket: route({
    method: "POST",
    path: "/tickets",
    params: {},
    caller: maybeSignedBy("certificate"),
    request: json(
      "Wish for a ticket",
      object({
        vault: text(64, 1),
        chain: chainIdShape,
        action: oneOf("get", "put"),
        object: bytes(32),
      }),
      SMALL_BYTES,
    ),
    response: cbor(ticketDocument),
    codes: ["FORBIDDEN", "CERTIFICATE_NOT_LIVE", "NOT_FOR_THIS_ROLE"],
    summary: "Let the bearer get or put an object",
    spec: "H-15",
  }),
} as const;
