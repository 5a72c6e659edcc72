import { Part } from "@anamnesis/http";
import { AnamnesisError, demoRoutes } from "@anamnesis/protocol";
import { useEffect, useState } from "react";
import { PortError } from "../worker/connectPort.ts";
import type { Answer } from "./Entered.tsx";

/** A demonstration person as the portal's server names them. */
export interface DemoPerson {
  readonly name: string;
  readonly role: string;
  readonly institution: string;
}

/** The demonstration people of this federation. Nothing secret: names, roles and institutions. */
export function usePeople(): Answer<readonly DemoPerson[]> {
  const [answer, setAnswer] = useState<Answer<readonly DemoPerson[]>>({ status: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const retry = (): void => {
      setAnswer({ status: "loading" });
      setAttempt(attempt + 1);
    };
    fetchPeople(stop.signal).then(
      (value) => setAnswer({ status: "ready", value }),
      () => {
        if (!stop.signal.aborted)
          setAnswer({ status: "failed", error: new PortError("UNAVAILABLE"), retry });
      },
    );
    return () => stop.abort();
  }, [attempt]);
  return answer;
}

async function fetchPeople(signal: AbortSignal): Promise<readonly DemoPerson[]> {
  const portal = new Part("portal", location.origin);
  try {
    return (await portal.call(demoRoutes.listPeople, { signal })).people;
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return [];
    throw error;
  }
}
