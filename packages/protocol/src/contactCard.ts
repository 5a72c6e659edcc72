import { BYTES } from "@anamnesis/crypto/verify";
import { certificateDer } from "./certificateDer.ts";
import { bytes, item, object, text } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/** `{node, box id, X-Wing key, postKey}`: lets one write to a box. `certificate` is DER, or empty where the box is nobody's by name. */
export const contactCardShape = object({
  node: text(),
  box: bytes(32),
  boxKey: bytes(BYTES.boxPublicKey),
  /** For proofs that room in the box is kept for who has this card: boxPost.ts. */
  postKey: bytes(32),
  certificate: certificateDer,
});
export type ContactCard = Shaped<typeof contactCardShape>;
export const contactCard = item("Contact card", contactCardShape);
