import { fingerprintShape } from "../ids.ts";
import { blob, literal, object, text, uint } from "../shape.ts";
import { json, nothing, octets } from "./body.ts";
import { anybody, route, signedBy } from "./route.ts";

/** An opened seal, and certificates and signatures of several. */
const ENROLMENT_COST = 50;
const SMALL_BYTES = 4 * 1024;
/** What is sealed to the registry, and back. */
const sealed = octets(64 * 1024);
const listBytes = 16 * 1024 * 1024;

/** Identities (H-40 to H-44) at the registry. */
export const registryRoutes = {
  getAuthorities: route({
    method: "GET",
    path: "/ca",
    params: {},
    caller: anybody,
    request: nothing,
    response: json(
      "Authorities",
      object({ root: text(16_384), care: text(16_384), thirdParties: text(16_384) }),
      64 * 1024,
    ),
    codes: [],
    summary: "Read the certificates of the root and both intermediates, PEM",
    spec: "H-40",
  }),
  getRevocationLists: route({
    method: "GET",
    path: "/crl",
    params: {},
    caller: anybody,
    request: nothing,
    response: json(
      "Revocation lists",
      object({ care: blob(listBytes / 2), thirdParties: blob(listBytes / 2) }),
      2 * listBytes,
    ),
    codes: [],
    summary: "Read the revocation list of each intermediate, DER",
    spec: "H-40",
  }),
  enrol: route({
    method: "POST",
    path: "/enrolments",
    params: {},
    caller: anybody,
    request: sealed,
    response: sealed,
    timeoutMs: 60_000,
    cost: ENROLMENT_COST,
    codes: ["ALREADY_ENROLLED", "NOT_FOR_THIS_ROLE", "SIGNATURE_INVALID", "CERTIFICATE_NOT_LIVE"],
    summary: "Certify a person whom a registrar attests",
    spec: "H-41",
  }),
  putContact: route({
    method: "PUT",
    path: "/contacts",
    params: {},
    caller: signedBy("certificate"),
    request: sealed,
    response: json("Result of a contact card", object({ stored: literal(true) }), SMALL_BYTES),
    codes: ["CERTIFICATE_NOT_LIVE"],
    summary: "Leave where doctors may write to",
    spec: "H-42",
  }),
  lookUp: route({
    method: "POST",
    path: "/lookups",
    params: {},
    caller: signedBy("certificate"),
    request: sealed,
    response: sealed,
    codes: ["CERTIFICATE_NOT_LIVE", "NOT_FOR_THIS_ROLE", "RATE_LIMITED"],
    summary: "Get the contact card of a patient by the attested identifier",
    spec: "H-43",
  }),
  revoke: route({
    method: "POST",
    path: "/revocations",
    params: {},
    caller: signedBy("either"),
    request: json("Revocation", object({ fingerprint: fingerprintShape }), SMALL_BYTES),
    response: json("Result of a revocation", object({ revokedAt: uint }), SMALL_BYTES),
    codes: ["FORBIDDEN", "CERTIFICATE_NOT_LIVE"],
    summary: "Take a certificate back",
    spec: "H-44",
  }),
  trace: route({
    method: "POST",
    path: "/traces",
    params: {},
    caller: signedBy("certificate"),
    request: octets(2 * 1024 * 1024),
    response: sealed,
    codes: [
      "CERTIFICATE_NOT_LIVE",
      "FORBIDDEN",
      "PROOF_INVALID",
      "CERTIFICATE_INVALID",
      "SIGNATURE_INVALID",
    ],
    summary: "Say whose a visit is, against the proof of two officers' order",
    spec: "H-72",
  }),
  suspend: route({
    method: "POST",
    path: "/suspensions",
    params: {},
    caller: signedBy("either"),
    request: json(
      "Suspension",
      object({ fingerprint: fingerprintShape, until: uint }),
      SMALL_BYTES,
    ),
    response: json("Result of a suspension", object({ until: uint }), SMALL_BYTES),
    codes: ["FORBIDDEN", "CERTIFICATE_NOT_LIVE"],
    summary: "Put a certificate on hold for a while, or take it off",
    spec: "H-71",
  }),
} as const;
