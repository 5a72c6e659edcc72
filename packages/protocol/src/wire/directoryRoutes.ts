import { chainIdShape, fingerprintShape, institutionIdShape } from "../ids.ts";
import { limits } from "../limits.ts";
import { list, object, optional, text } from "../shape.ts";
import { json, nothing } from "./body.ts";
import { next, page, pageEntries } from "./paging.ts";
import { anybody, route } from "./route.ts";
import { certificateViewShape, institutionViewShape } from "./views.ts";

const CERTIFICATE_BYTES = 64 * 1024;
/** Of a page; those of genesis come on top of the first. */
const CERTIFICATES_MAX = pageEntries + limits.genesisRegistrars;
const chain = { chain: chainIdShape };

/** Who is of the federation (H-14, H-70), at the node of a member. */
export const directoryRoutes = {
  getCertificate: route({
    method: "GET",
    path: "/chains/{chain}/certificates/{fingerprint}",
    params: { ...chain, fingerprint: fingerprintShape },
    caller: anybody,
    request: nothing,
    response: json("Certificate", certificateViewShape, CERTIFICATE_BYTES),
    codes: [],
    summary: "Read a certificate",
    spec: "H-14",
  }),
  getCertificates: route({
    method: "GET",
    path: "/chains/{chain}/certificates",
    params: chain,
    query: { name: optional(text(128, 1)), institution: optional(institutionIdShape), ...page },
    caller: anybody,
    request: nothing,
    response: json(
      "Certificates",
      object({ certificates: list(certificateViewShape, CERTIFICATES_MAX), ...next }),
      limits.answerJsonBytes,
    ),
    codes: [],
    summary: "List certificates by name, institution or both",
    spec: "H-14",
  }),
  getInstitutions: route({
    method: "GET",
    path: "/chains/{chain}/institutions",
    params: chain,
    caller: anybody,
    request: nothing,
    response: json(
      "Institutions",
      object({ institutions: list(institutionViewShape, limits.members) }),
      limits.answerJsonBytes,
    ),
    codes: [],
    summary: "List the institutions that are members",
    spec: "H-70",
  }),
} as const;
