import type { DataPlace } from "./dataDirectory.ts";
import { openRegistry } from "./registry.ts";
import { record } from "./enrolments.ts";
import { lookupLog } from "./contacts.ts";
import type { LookupEntry } from "./contacts.ts";
import { auditOf } from "./institutions.ts";
import type { AuditedInstitution } from "./institutions.ts";
import { traceLog } from "./tracing.ts";
import type { TraceEntry } from "./tracing.ts";
import { credentialOf } from "./people.ts";
import { requestedKey } from "@anamnesis/protocol";
import type { Credential, Trust } from "@anamnesis/protocol";

/** A data directory with the federation that it serves. */
export interface OperatorPlace extends DataPlace {
  readonly trust: Trust;
}

/**
 * Certifies an institution's registrar, whom no registrar attests: for the operator, who has the data directory and its key file at hand. It works
 * before the registry first runs, and beside a running one; the chains get the certificate from the registry as soon as
 * it runs and their nodes answer.
 *
 * @param registrar.request - PKCS#10 made on the registrar's device, DER.
 * @param registrar.boxKey - X-Wing, 1216 bytes.
 * @param registrar.identifier - What the institution saw.
 * @param registrar.salt - s of the commitment, and `registered`: REGISTERED by the institution's node key.
 * @throws {AnamnesisError} ALREADY_ENROLLED, BAD_REQUEST, SIGNATURE_INVALID, REGISTRATION_INVALID.
 */
export async function issueRegistrar(
  place: OperatorPlace,
  registrar: {
    readonly institution: string;
    readonly name: string;
    readonly identifier: string;
    readonly request: Uint8Array;
    readonly boxKey: Uint8Array;
    readonly salt: Uint8Array;
    readonly registered: Uint8Array;
  },
): Promise<Credential> {
  const { request, ...person } = registrar;
  const signingKey = requestedKey(request);
  const deps = await openRegistry(place);
  try {
    const fingerprint = await record(deps, {
      ...person,
      role: "registrar",
      registrar: null,
      replaces: null,
      signingKey,
    });
    return credentialOf(deps.people.certificate(fingerprint)!);
  } finally {
    await deps.store.close();
  }
}

/**
 * Audits an institution that is to join a running federation: for the operator, who looked at it. Works beside a running
 * registry, which knows the institution from then on.
 *
 * @returns AUDITED (64 bytes), for the authority's `institution.enrol`.
 * @throws {AnamnesisError} BAD_REQUEST when the id is none, or another institution's.
 */
export async function auditInstitution(
  place: OperatorPlace,
  institution: AuditedInstitution,
): Promise<Uint8Array> {
  const deps = await openRegistry(place);
  try {
    return auditOf(deps, institution);
  } finally {
    await deps.store.close();
  }
}

/** Who looked up whom, oldest first, for the operator. */
export async function readLookups(place: OperatorPlace): Promise<LookupEntry[]> {
  const deps = await openRegistry(place);
  try {
    return lookupLog(deps);
  } finally {
    await deps.store.close();
  }
}

/** Which visits were traced for which case, and by whom, oldest first, for the operator. */
export async function readTraces(place: OperatorPlace): Promise<TraceEntry[]> {
  const deps = await openRegistry(place);
  try {
    return traceLog(deps);
  } finally {
    await deps.store.close();
  }
}
