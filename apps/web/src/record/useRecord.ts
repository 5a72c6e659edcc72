import { useQuery } from "../join/answers.ts";
import type { PortError } from "../worker/connectPort.ts";
import type { ShownRecord } from "../worker/port.ts";
import { isDenial } from "../views/fault.ts";

/** A record on its way to the screen. */
export type RecordState =
  | { readonly status: "opening" }
  | { readonly status: "denied"; readonly error: PortError }
  | { readonly status: "failed"; readonly error: PortError; readonly retry: () => void }
  | { readonly status: "open"; readonly shown: ShownRecord };

/**
 * Opens a record, in the worker. A patient's is asked for again when something changes; a doctor's once, because each
 * opening is written down. The content is let go when the page is left.
 */
export function useRecord(reader: "patient" | "doctor", id: string): RecordState {
  const answer = useQuery(`${reader}.record`, { id }, { keep: false, isOnce: reader === "doctor" });
  switch (answer.status) {
    case "loading":
      return { status: "opening" };
    case "failed":
      return isDenial(answer.error.code) ? { status: "denied", error: answer.error } : answer;
    case "ready":
      return { status: "open", shown: answer.value };
  }
}
