import { openWith, sealTo } from "@anamnesis/crypto/box";
import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  consortiumOf,
  decodeSlipProof,
  fingerprintOf,
  hpkeInfo,
  traceDocument,
  traceRequest,
  traceSubject,
  tracedAnswer,
  verifySlipProof,
  verifyTrace,
} from "@anamnesis/protocol";
import type { Slip, TraceRequest } from "@anamnesis/protocol";
import type { RegistryDeps } from "./deps.ts";
import type { CertificateEntry } from "./people.ts";

const empty = new Uint8Array(0);

/** A visit that was traced: for the operator. */
export interface TraceEntry {
  /** Unix milliseconds. */
  readonly time: number;
  /** Id of the `identity.trace`. */
  readonly slip: string;
  readonly case: string;
  /** Fingerprint of the officer who asked. */
  readonly officer: string;
}

/**
 * POST /traces (H-72): whose a visit is, said to one of the two officers whose order stands on the consortium, and against the
 * proof of that order alone. It is in the log before the answer leaves.
 *
 * @param sealed - HPKE to the registry, info MRS-V1-TRACE-REQUEST, of a TraceRequest.
 * @returns Traced, sealed to the officer's X-Wing key, info MRS-V1-TRACED.
 * @throws {AnamnesisError} PROOF_INVALID, FORBIDDEN, BAD_REQUEST, NOT_FOUND, CERTIFICATE_INVALID, SIGNATURE_INVALID, MALFORMED.
 */
export async function trace(
  deps: RegistryDeps,
  caller: CertificateEntry,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const request = traceRequest.decode(
    await openWith({
      secretKey: deps.box.secretKey,
      info: hpkeInfo.traceRequest,
      aad: empty,
      sealed,
    }),
  );
  const order = orderOf(deps, request);
  const officer = fingerprintOf(caller.der);
  const isOfficers = [order.fields.cert, order.fields.second].some(
    (fingerprint) => toHex(fingerprint) === officer,
  );
  if (!isOfficers)
    throw new AnamnesisError("FORBIDDEN", "Trace refused: want one of the officers who ordered it");
  const { identifier, registration, der } = await patientOf(deps, request);
  const entry: TraceEntry = {
    time: deps.now(),
    slip: order.id,
    case: order.fields.case,
    officer,
  };
  deps.store.transaction(() => deps.store.put({ ...entry }, "traced", order.id, officer));
  const traced = {
    identifier,
    institution: registration.institution,
    fingerprint: fingerprintOf(der),
  };
  return sealTo({
    publicKey: caller.boxKey,
    info: hpkeInfo.traced,
    aad: empty,
    plaintext: tracedAnswer.encode({ v: 1, ...traced }),
  });
}

/** The order that the proof shows, of exactly this visit. @throws {AnamnesisError} PROOF_INVALID, FORBIDDEN */
function orderOf(
  { trust }: RegistryDeps,
  { pid, salt, proof }: TraceRequest,
): Slip<"identity.trace"> {
  const { slip } = verifySlipProof(consortiumOf(trust), decodeSlipProof(proof));
  if (slip.kind !== "identity.trace")
    throw new AnamnesisError("FORBIDDEN", "Trace refused: the slip shown orders none");
  if (!equalBytes(slip.fields.subject, traceSubject(pid, salt)))
    throw new AnamnesisError("FORBIDDEN", "Trace refused: the order is of another visit");
  return slip;
}

/** Whom the sealed trace names; what a node sealed for another pid does not open. */
async function patientOf(
  deps: RegistryDeps,
  { pid, trace: sealed }: TraceRequest,
): Promise<CertificateEntry> {
  const plaintext = await openWith({
    secretKey: deps.trace.secretKey,
    info: hpkeInfo.trace,
    aad: fromHex(pid),
    sealed,
  });
  const { cas } = consortiumOf(deps.trust);
  const { fingerprint } = verifyTrace(traceDocument.decode(plaintext), pid, cas);
  const entry = deps.people.certificate(fingerprint);
  if (entry === undefined)
    throw new AnamnesisError("NOT_FOUND", "Trace refused: nobody has that certificate");
  return entry;
}

/** Which visits were traced, oldest first. */
export const traceLog = ({ store }: Pick<RegistryDeps, "store">): TraceEntry[] =>
  (store.values("traced") as unknown as TraceEntry[]).toSorted((a, b) => a.time - b.time);
