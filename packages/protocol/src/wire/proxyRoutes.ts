import { BYTES } from "@anamnesis/crypto/verify";
import { denialCodes, signedRequest } from "../denials.ts";
import { sharePackage } from "../grants.ts";
import { gidShape } from "../ids.ts";
import type { Gid } from "../ids.ts";
import { erasureReceipt, evidence, reencryptAnswer, reencryptRequest } from "../requests.ts";
import { limits } from "../limits.ts";
import { literal, object } from "../shape.ts";
import { addressOf } from "./address.ts";
import { cbor, json, nothing, octets } from "./body.ts";
import { anybody, route, signedBy } from "./route.ts";
import { digestShape } from "./views.ts";

/** A `ReencryptAnswer`, sealed once more to the reader: proxy.md P-37. */
const sealedAnswer = octets(reencryptAnswer.maxBytes + BYTES.boxSeal);

/** Refusals in the order of the checks are `denialCodes`; these come beside them. */
const released = [
  "READER_SIGNATURE",
  "NONCE_REUSED",
  ...denialCodes,
  "CERTIFICATE_INVALID",
  "STALE_CHAIN",
  "RATE_LIMITED",
] as const;
const owned = ["FORBIDDEN", "GRANT_NOT_HELD"] as const;

/** Shares of grants (H-30 to H-33) at a proxy. */
/** The thread that judges shares starts with the first of them. */
const JUDGED_MS = 20_000;

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
    timeoutMs: JUDGED_MS,
    codes: [
      "SHARE_INVALID",
      "GRANT_SIGNATURE",
      "GRANT_EXISTS",
      "GRANT_NOT_LIVE",
      "CERTIFICATE_NOT_LIVE",
      "RATE_LIMITED",
      "STORAGE_FULL",
    ],
    summary: "Take this proxy's shares of a grant",
    spec: "H-30",
  }),
  reencrypt: route({
    method: "POST",
    path: "/grants/{gid}/reencrypt",
    params: { gid: gidShape },
    caller: signedBy("certificate", "READER_SIGNATURE"),
    request: cbor(reencryptRequest),
    response: sealedAnswer,
    codes: released,
    summary: "Answer a reader's capsules with shares",
    spec: "H-31",
  }),
  prove: route({
    method: "POST",
    path: "/grants/{gid}/proofs",
    params: { gid: gidShape },
    caller: signedBy("certificate", "READER_SIGNATURE"),
    request: cbor(reencryptRequest),
    response: sealedAnswer,
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
  getDenied: route({
    method: "GET",
    path: "/grants/{gid}/denied/{evidence}",
    params: { gid: gidShape, evidence: digestShape },
    caller: signedBy("key"),
    request: nothing,
    response: cbor(signedRequest),
    codes: [...owned, "NOT_FOUND"],
    summary: "Read a request that was turned away under a grant, as its owner",
    spec: "H-37",
  }),
  eraseGrant: route({
    method: "POST",
    path: "/grants/{gid}/erase",
    params: { gid: gidShape },
    caller: anybody,
    request: octets(limits.slipBytes),
    response: cbor(erasureReceipt),
    codes: [
      "SLIP_MALFORMED",
      "UNKNOWN_KIND",
      "WRONG_CHAIN",
      "FORBIDDEN",
      "EXPIRED",
      "NOT_AFTER_TOO_FAR",
      "SLIP_SIGNATURE",
      "NOT_THE_REVOKER",
      "GRANT_NOT_HELD",
    ],
    summary: "Erase the shares of a grant on a revocation's word",
    spec: "H-38",
  }),
} as const;

/** Under which paths a proxy is asked for shares of a grant. */
export const askedPaths = (gid: Gid): readonly string[] =>
  [proxyRoutes.reencrypt, proxyRoutes.prove].map((route) => addressOf(route, { gid }, {}).path);
