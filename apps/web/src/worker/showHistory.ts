import type { ReadHistory, Session } from "@anamnesis/client";
import { writeJson } from "@anamnesis/fhir";
import { ips, tellHistory } from "@anamnesis/fhir/history";
import type { ShownHistory } from "./port.ts";

/** A history as it goes to the page. */
export const showHistory = ({ history, records, failed }: ReadHistory): ShownHistory => ({
  history: tellHistory(history),
  records,
  failed: failed.length,
});

/** A patient summary as a file. */
export function summaryFile(session: Session, { history }: ReadHistory): Blob {
  const document = ips(history, {
    timestamp: new Date(session.clock()).toISOString(),
    patientName: session.device.name,
  });
  return new Blob([writeJson(document)], { type: "application/fhir+json" });
}
