/** What every person does once: keys, certificate, contact box. */
export { affiliatedAt, affiliationsOf } from "./affiliations.ts";
export { acceptPerson } from "../knownPeople.ts";
export { openContactBox } from "./contactBox.ts";
export {
  acceptCertificate,
  certificateRequest,
  enrol,
  keepCertificate,
  makeKeys,
} from "./identity.ts";
export { suspendCertificate } from "./suspension.ts";
export type { TraceAgreement, TraceCase } from "./tracing.ts";
export { agreeToOrder, askWhose, orderTrace } from "./tracing.ts";
