import { sharePackage } from "../grants.ts";
import { gidShape } from "../ids.ts";
import { evidence, reencryptAnswer, reencryptRequest } from "../requests.ts";
import { literal, object } from "../shape.ts";
import { cbor, json, nothing } from "./body.ts";
import { anybody, route, signedBy } from "./route.ts";

const released = [
  "READER_SIGNATURE",
  "NONCE_REUSED",
  "CERTIFICATE_NOT_LIVE",
  "GRANT_NOT_HELD",
  "GRANT_SIGNATURE",
  "OUTSIDE_GRANT_TIME",
  "STALE_CHAIN",
  "GRANT_NOT_LIVE",
  "TAG_NOT_GRANTED",
  "RECORD_NOT_GRANTED",
  "ACTION_NOT_GRANTED",
  "PURPOSE_NOT_GRANTED",
  "INTENT_MISSING",
  "NOT_ON_CHAIN",
  "RATE_LIMITED",
  "CAPSULE_INVALID",
] as const;
const owned = ["FORBIDDEN", "GRANT_NOT_HELD"] as const;

/** Shares of grants (H-30 to H-33) at a proxy. */
export const proxyRoutes = {
  postGrant: route({
    method: "POST",
    path: "/grants",
    params: {},
    caller: anybody,
    request: cbor(sharePackage),
    response: json(
      "Result of a share package",
      object({ gid: gidShape, accepted: literal(true) }),
      4 * 1024,
    ),
    rate: "packages",
    codes: [
      "SHARE_INVALID",
      "GRANT_SIGNATURE",
      "GRANT_EXISTS",
      "CERTIFICATE_NOT_LIVE",
      "RATE_LIMITED",
      "STORAGE_FULL",
    ],
    summary: "Take this proxy's shares of a grant",
    spec: "H-30",
  }),
  reencrypt: route({
    method: "POST",
    path: "/reencrypt",
    params: {},
    caller: signedBy("certificate", "READER_SIGNATURE"),
    request: cbor(reencryptRequest),
    response: cbor(reencryptAnswer),
    codes: released,
    summary: "Answer a reader's capsules with shares",
    spec: "H-31",
  }),
  prove: route({
    method: "POST",
    path: "/proofs",
    params: {},
    caller: signedBy("certificate", "READER_SIGNATURE"),
    request: cbor(reencryptRequest),
    response: cbor(reencryptAnswer),
    codes: released,
    summary: "Prove that the shares were right",
    spec: "H-32",
  }),
  getEvidence: route({
    method: "GET",
    path: "/grants/{gid}/evidence",
    params: { gid: gidShape },
    caller: signedBy("key"),
    request: nothing,
    response: cbor(evidence),
    codes: owned,
    summary: "Read what was opened under a grant, as its owner",
    spec: "H-33",
  }),
  eraseGrant: route({
    method: "POST",
    path: "/grants/{gid}/erase",
    params: { gid: gidShape },
    caller: signedBy("key"),
    request: nothing,
    response: cbor(evidence),
    codes: [...owned, "STALE_CHAIN"],
    summary: "Erase the shares of an ended grant now",
    spec: "H-33",
  }),
} as const;
