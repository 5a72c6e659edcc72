import { AsnConvert } from "@peculiar/asn1-schema";
import { equalBytes } from "@anamnesis/crypto/verify";

/**
 * Reads one value of an ASN.1 type in DER, the one encoding of each value (X.690 section 10): written again it is the same
 * bytes. So nothing follows it, no length is indefinite or longer than it must be, and text is UTF-8. What is not covered
 * by a signature but stands in a fingerprint can then not be written in two ways.
 *
 * @throws {Error} For other bytes; callers give it a code.
 */
export function readDer<T>(der: Uint8Array, type: new () => T): T {
  const value = AsnConvert.parse(der, type);
  if (!equalBytes(new Uint8Array(AsnConvert.serialize(value)), der))
    throw new Error("The value is not in DER");
  return value;
}
