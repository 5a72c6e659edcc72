import { openWith, sealTo } from "@anamnesis/crypto/box";
import { fromHex } from "@anamnesis/crypto/verify";
import { sign } from "@anamnesis/crypto/sign";
import {
  agreeToTrace,
  consortiumOf,
  encodeSlipProof,
  hpkeInfo,
  traceRequest,
  traceSubject,
  tracedAnswer,
} from "@anamnesis/protocol";
import type { Pid, Traced } from "@anamnesis/protocol";
import { certifiedCaller } from "../caller.ts";
import { proveSlip } from "../proofs/prove.ts";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";

/** What two officers agree on: the visit, under a salt that only they know, and the case that it is traced for. */
export interface TraceCase {
  readonly pid: Pid;
  readonly case: string;
  /** 32 random bytes. */
  readonly salt: Uint8Array;
}
/** The registry's officer's word for an order of the other one's. */
export interface TraceAgreement {
  /** Fingerprint, 64 hex digits. */
  readonly second: string;
  readonly agreed: Uint8Array;
}

const noAad = new Uint8Array(0);

/**
 * The registry's officer agrees that another officer orders a trace.
 * @param cert - Fingerprint of that officer's certificate, 64 hex digits.
 */
export async function agreeToOrder(
  { device, trust }: Session,
  of: TraceCase,
  cert: string,
): Promise<TraceAgreement> {
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  const about = {
    cert: fromHex(cert),
    case: of.case,
    subject: traceSubject(of.pid, of.salt),
  };
  const { chain } = consortiumOf(trust);
  const agreed = agreeToTrace(chain, about, (type, message) =>
    sign({ type, message, secretKey: signing.secretKey }),
  );
  return { second: fingerprint, agreed };
}

/**
 * An institution's officer orders a trace that the registry's officer agreed to.
 * @returns the slip's id. @throws {AnamnesisError} slip codes (docs/spec/slips.md S-64), UNAVAILABLE.
 */
export async function orderTrace(
  session: Session,
  of: TraceCase,
  { second, agreed }: TraceAgreement,
): Promise<string> {
  const { device, trust } = session;
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  const { chain } = consortiumOf(trust);
  const fields = {
    cert: fromHex(fingerprint),
    case: of.case,
    subject: traceSubject(of.pid, of.salt),
    second: fromHex(second),
    agreed,
  };
  const { secretKey } = signing;
  const slip = signedSlip(session, { chain, kind: "identity.trace", fields, secretKey });
  return postSlip(session, slip);
}

/**
 * Either officer asks the registry whose the visit is, against the proof of their order.
 *
 * @param order - Id of the slip. @param trace - What the institution's node keeps of the visit, sealed to the registry.
 * @throws {AnamnesisError} PROOF_INVALID, FORBIDDEN, CERTIFICATE_NOT_LIVE, UNAVAILABLE.
 */
export async function askWhose(
  session: Session,
  { pid, salt }: TraceCase,
  order: string,
  trace: Uint8Array,
): Promise<Traced> {
  const { device, network, trust } = session;
  const { chain, consortium } = consortiumOf(trust);
  const { proof } = await proveSlip(session, chain, order);
  const plaintext = traceRequest.encode({ v: 1, pid, salt, trace, proof: encodeSlipProof(proof) });
  const publicKey = consortium.registry.boxKey;
  const body = await sealTo({ publicKey, info: hpkeInfo.traceRequest, aad: noAad, plaintext });
  const sealed = await network.registry().trace(body, await certifiedCaller(device));
  const { secretKey } = (await device.keys()).box;
  return tracedAnswer.decode(
    await openWith({ secretKey, info: hpkeInfo.traced, aad: noAad, sealed }),
  );
}
