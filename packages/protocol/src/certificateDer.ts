import { limits } from "./limits.ts";
import { blob } from "./shape.ts";

/** A certificate as X.509 DER, wherever it travels. */
export const certificateDer = blob(limits.certificateBytes);
