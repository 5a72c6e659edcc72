// LEAD 05:04: src/patient is complete (lead wrote it, on your recordVersion/storedObject/contentStream). Helper: finish src/person, then src/doctor. Delete this line.
/** What every person does once: keys, certificate, contact box. */
export { openContactBox } from "./contactBox.ts";
export {
  acceptCertificate,
  certificateRequest,
  enrol,
  keepCertificate,
  makeKeys,
} from "./identity.ts";
