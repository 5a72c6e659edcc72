import { toBase64url } from "@anamnesis/crypto/verify";
import {
  findCertificate,
  findCertificates,
  findGrant,
  findRequest,
  findSession,
  findSlip,
  pageHeader,
  proveSlip,
  proveState,
  recordsByPid,
  recordsByTag,
  requestsByBody,
} from "@anamnesis/ledger";
import type { StateView } from "@anamnesis/ledger";
import {
  AnamnesisError,
  encodePageHeader,
  encodeSlipProof,
  encodeStateProof,
  mapNames,
  parseFingerprint,
  parseGid,
  parseInstitutionId,
  parsePid,
  parseSlipId,
  parseTag,
} from "@anamnesis/protocol";
import type { MapName } from "@anamnesis/protocol";
import type { Answer, Incoming, Route } from "@anamnesis/server";
import type { NodeDeps } from "../deps.ts";
import { chainOfRequest } from "./chainRoutes.ts";
import { wire } from "./wire.ts";

/** What stands on a chain, with proofs (H-7 to H-14). Every answer comes from one snapshot. */
export function queryRoutes(deps: NodeDeps): readonly Route[] {
  const get = (
    url: string,
    spec: string,
    summary: string,
    read: (state: StateView, incoming: Incoming) => object | undefined,
  ): Route => ({
    method: "GET",
    url: `/chains/:chain/${url}`,
    spec,
    summary,
    handle: async (incoming): Promise<Answer> => {
      const body = chainOfRequest(deps, incoming).snapshot(({ state }) => read(state, incoming));
      if (body === undefined)
        throw new AnamnesisError("NOT_FOUND", "The chain holds no such thing");
      return { body: wire(body) as object };
    },
  });
  return [
    {
      method: "GET",
      url: "/chains/:chain/pages/:no",
      spec: "H-7",
      summary: "A page, countersigned",
      handle: (incoming) => getPage(deps, incoming),
    },
    get("slips/:id", "H-8", "A slip", (state, incoming) =>
      findSlip(state, id(incoming, parseSlipId)),
    ),
    {
      method: "GET",
      url: "/chains/:chain/slips/:id/proof",
      spec: "H-9",
      summary: "Proof of a slip",
      handle: (incoming) => getSlipProof(deps, incoming),
    },
    {
      method: "GET",
      url: "/chains/:chain/state/:map/:id/proof",
      spec: "H-10",
      summary: "Proof of presence or absence",
      handle: (incoming) => getStateProof(deps, incoming),
    },
    get("records", "H-11", "Records by tag or visit", readRecords),
    get("grants/:id", "H-12", "A grant and its use", (state, incoming) =>
      findGrant(state, id(incoming, parseGid)),
    ),
    get("sessions/:id", "H-12", "A visit", (state, incoming) =>
      findSession(state, id(incoming, parsePid)),
    ),
    get("requests/:id", "H-13", "An access request", (state, incoming) =>
      findRequest(state, id(incoming, parseSlipId)),
    ),
    get("requests", "H-13", "Access requests by the digest of their body", (state, { query }) => ({
      requests: requestsByBody(state, parseSlipId(query["body"] ?? "")),
    })),
    get("certificates/:id", "H-14", "A certificate", (state, incoming) =>
      findCertificate(state, id(incoming, parseFingerprint)),
    ),
    get("certificates", "H-14", "Certificates by name or institution", readCertificates),
  ];
}

const id = <T>({ params }: Incoming, parse: (text: string) => T): T => parse(params["id"] ?? "");

function readRecords(state: StateView, { query }: Incoming): object {
  const { tag, pid } = query;
  if (tag !== undefined && pid === undefined) {
    parseTag(tag);
    return { records: recordsByTag(state, tag) };
  }
  if (pid !== undefined && tag === undefined)
    return { records: recordsByPid(state, parsePid(pid)) };
  throw new AnamnesisError("BAD_REQUEST", "Want either tag or pid");
}

function readCertificates(state: StateView, { query }: Incoming): object {
  const { name, institution } = query;
  if (name === undefined && institution === undefined)
    throw new AnamnesisError("BAD_REQUEST", "Want a name, an institution, or both");
  if (institution !== undefined) parseInstitutionId(institution);
  return { certificates: findCertificates(state, { name, institution }) };
}

async function getPage(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const chain = chainOfRequest(deps, incoming);
  const no = Number(incoming.params["no"]);
  if (!Number.isSafeInteger(no) || no < 0)
    throw new AnamnesisError("BAD_REQUEST", "Page is not a whole number");
  const header = chain.snapshot(({ state }) => pageHeader(state, no));
  if (header === undefined)
    throw new AnamnesisError("NOT_YET", `Page ${no} is not sealed here yet`);
  return {
    body: {
      header: toBase64url(encodePageHeader(header)),
      signature: toBase64url(chain.countersign(header)),
    },
  };
}

/** A proof is made of one snapshot, and its head is of that height. */
async function getSlipProof(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const chain = chainOfRequest(deps, incoming);
  const slip = id(incoming, parseSlipId);
  const proof = chain.snapshot(({ state, height, head }) => {
    const made = proveSlip(state, { chain: chain.genesis.chain, height }, slip);
    return made === undefined ? undefined : { ...made, heads: [head()] };
  });
  if (proof === undefined) throw new AnamnesisError("NOT_FOUND", "The chain holds no such slip");
  if (proof.place.in === "openPage") return { body: encodeSlipProof(proof) };
  const countersignatures = [
    { institution: deps.institution, signature: chain.countersign(proof.place.header) },
  ];
  return { body: encodeSlipProof({ ...proof, place: { ...proof.place, countersignatures } }) };
}

async function getStateProof(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const chain = chainOfRequest(deps, incoming);
  const map = incoming.params["map"] as MapName;
  if (!mapNames.includes(map))
    throw new AnamnesisError("BAD_REQUEST", `Map is not one of ${mapNames.join(", ")}`);
  const entry = incoming.params["id"] ?? "";
  if (entry.length === 0 || entry.length > 64)
    throw new AnamnesisError("BAD_REQUEST", "Id is not 1 to 64 characters");
  const proof = chain.snapshot(({ state, height, head }) => ({
    ...proveState(state, { chain: chain.genesis.chain, height }, map, entry),
    heads: [head()],
  }));
  return { body: encodeStateProof(proof) };
}
