import { enc, encodeCanonical, fromHex, sha256, signatureInput } from "@anamnesis/crypto/verify";
import type { Pid } from "./ids.ts";
import { pidShape } from "./ids.ts";
import { blob, bytes, document, hexId, literal, object, text } from "./shape.ts";
import type { Shaped } from "./shape.ts";
import type { Slip, SlipHeader } from "./slips.ts";
import type { SlipFields } from "./slipKinds.ts";

/**
 * Two officers, of an institution and of the registry, order together that the registry says whose a visit is. The slip
 * `identity.trace` shows their case and a hash; whom it is about only they can say. Spec: docs/spec/slips.md S-64.
 */

const SIGNATURE_TYPE = "TRACE-AGREED";

type Agreed = Pick<SlipFields<"identity.trace">, "cert" | "case" | "subject">;

const agreedBytes = (chain: SlipHeader["chain"], of: Agreed): Uint8Array =>
  encodeCanonical([chain, of.cert, of.case, of.subject]);

/** SHA-256(enc(pid, salt)). @param salt - 32 random bytes, which the officers keep. */
export const traceSubject = (pid: Pid, salt: Uint8Array): Uint8Array =>
  sha256(enc(fromHex(pid), salt));

/** The second officer's signature: what stands as `agreed` in the slip. */
export const agreeToTrace = (
  chain: SlipHeader["chain"],
  of: Agreed,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Uint8Array => sign(SIGNATURE_TYPE, agreedBytes(chain, of));

/** The bytes under `agreed` of such a slip. */
export const agreedInput = ({ chain, fields }: Slip<"identity.trace">): Uint8Array =>
  signatureInput(SIGNATURE_TYPE, agreedBytes(chain, fields));

const traceRequestShape = object({
  v: literal(1),
  pid: pidShape,
  salt: bytes(32),
  /** As the institution's node keeps it: HPKE to the registry's trace key. */
  trace: blob(16 * 1024),
  /** That the slip stands on the consortium: a SlipProof. */
  proof: blob(1024 * 1024),
});
/** What an officer asks the registry, sealed to it. */
export type TraceRequest = Readonly<Shaped<typeof traceRequestShape>>;
export const traceRequest = document("Trace request", traceRequestShape);

const tracedShape = object({
  v: literal(1),
  /** What the registrar attested. */
  identifier: text(128),
  /** Where the patient was enrolled. */
  institution: text(64),
  /** Of the patient's certificate. */
  fingerprint: hexId<string>(),
});
/** Whose the visit is, sealed to the officer who asked. */
export type Traced = Readonly<Shaped<typeof tracedShape>>;
export const tracedAnswer = document("Trace answer", tracedShape);
