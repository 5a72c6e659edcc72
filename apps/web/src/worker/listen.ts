import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { PortEvent } from "./port.ts";

const LONG_POLL_MS = 20_000;
const RETRY_MS = 3_000;

/**
 * Reads the person's boxes until `signal` aborts, and tells what arrives. A patient's device answers by its owner's
 * rules while the page is open.
 *
 * One tab listens for each person; others wait for their turn, and hear from that one.
 */
export async function listen(
  session: Session,
  signal: AbortSignal,
  tell: (event: PortEvent) => void,
): Promise<void> {
  const run = session.device.role === "patient" ? attend : receive;
  await navigator.locks.request(`listen ${session.device.name}`, { signal }, () => {
    tell({ what: "listening" });
    return run(session, signal, tell);
  });
}

function attend(
  session: Session,
  signal: AbortSignal,
  tell: (event: PortEvent) => void,
): Promise<void> {
  return patient.attend(session, {
    signal,
    onEvent: ({ what }) => {
      if (what === "attending") tell({ what: "listening" });
      else if (what === "waiting") tell({ what });
      else if (what === "asked" || what === "noticed") tell({ what: "changed", news: what });
      else tell({ what: "changed", news: "other" });
    },
  });
}

async function receive(
  session: Session,
  signal: AbortSignal,
  tell: (event: PortEvent) => void,
): Promise<void> {
  let isAway = false;
  while (!signal.aborted) {
    try {
      const news = await doctor.receive(session, { waitMs: isAway ? 0 : LONG_POLL_MS, signal });
      if (news.some(({ what }) => what === "waiting")) throw new Error("The node is away");
      if (isAway) tell({ what: "listening" });
      isAway = false;
      if (news.length > 0) tell({ what: "changed", news: "other" });
    } catch {
      if (signal.aborted) return;
      isAway = true;
      tell({ what: "waiting" });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
