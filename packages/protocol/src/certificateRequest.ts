import { CertificationRequest } from "@peculiar/asn1-csr";
import { isStrictPublicKey, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { readDer } from "./der.ts";
import { AnamnesisError } from "./errors.ts";

const ED25519_OID = "1.3.101.112";

/**
 * The Ed25519 key of a PKCS#10 request (RFC 2986, RFC 8410), whose holder has signed it: proof of possession, for the
 * registrar who attests the person and for the registry.
 *
 * @param der - The request, in DER alone.
 * @returns 32 bytes.
 * @throws {AnamnesisError} BAD_REQUEST for another form or kind of key, SIGNATURE_INVALID without proof of possession.
 */
export function requestedKey(der: Uint8Array): Uint8Array {
  const request = parse(der);
  const { subjectPKInfo } = request.certificationRequestInfo;
  const publicKey = new Uint8Array(subjectPKInfo.subjectPublicKey);
  const isEd25519 = [subjectPKInfo.algorithm, request.signatureAlgorithm].every(
    ({ algorithm }) => algorithm === ED25519_OID,
  );
  if (!isEd25519 || publicKey.length !== 32 || request.certificationRequestInfoRaw === undefined)
    throw refused();
  const message = new Uint8Array(request.certificationRequestInfoRaw);
  const signature = new Uint8Array(request.signature);
  if (
    signature.length !== 64 ||
    !isStrictPublicKey(publicKey) ||
    !verifySignatureRaw({ message, publicKey, signature })
  ) {
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Certificate request refused: its own signature does not verify",
    );
  }
  return publicKey;
}

function parse(der: Uint8Array): CertificationRequest {
  try {
    return readDer(der, CertificationRequest);
  } catch (cause) {
    throw refused(cause);
  }
}

const refused = (cause?: unknown): AnamnesisError =>
  new AnamnesisError(
    "BAD_REQUEST",
    "Certificate request is not a PKCS#10 request for an Ed25519 key",
    { cause },
  );
