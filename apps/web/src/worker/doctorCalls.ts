import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import type { Handlers } from "./servePort.ts";
import { showHistory } from "./showHistory.ts";
import { showRecord } from "./showRecord.ts";

type DoctorMethod = Extract<keyof Handlers, `doctor.${string}`>;

/** A doctor's calls. To open a record posts the usage slips that its patient sees. */
export function doctorCalls(session: Session): Pick<Handlers, DoctorMethod> {
  return {
    "doctor.readable": () => doctor.listReadable(session),
    "doctor.written": () => doctor.listAuthored(session),
    "doctor.grants": () => doctor.listGrants(session),
    "doctor.record": async ({ id }) => {
      const { content, ...shown } = await showRecord(await doctor.openRecord(session, id));
      const canCopy = await doctor.mayCopy(session, shown.record);
      // The bytes go to the page only where it has to draw them itself.
      return { ...shown, canCopy, ...(shown.summary === undefined && { content }) };
    },
    "doctor.copy": async ({ id, version }) => {
      const opened = await doctor.openRecord(session, `${id}@${version}`, { action: "copy" });
      return (await showRecord(opened)).content;
    },
    "doctor.history": async ({ patient }) =>
      showHistory(await doctor.historyOf(session, { for: patient })),
    "doctor.patients": () => doctor.listPatients(session),
    "doctor.requests": () => doctor.listRequests(session),
    "doctor.ask": ({ patient, ...input }) =>
      doctor.requestAccess(session, { ...input, for: patient }),
  };
}
