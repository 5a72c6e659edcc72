import { useEffect, useState } from "react";
import { PortError } from "../worker/connectPort.ts";
import type { Answer } from "./SessionProvider.tsx";

/** A demonstration person as the portal's server names them. */
export interface DemoPerson extends Affiliation {
  readonly name: string;
  /** What they are besides. */
  readonly besides: readonly Affiliation[];
}
interface Affiliation {
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
  const response = await fetch("/demo/people", { signal, cache: "no-store" });
  if (response.status === 404) return [];
  if (!response.ok) throw new PortError("UNAVAILABLE");
  return parsePeople(await response.json());
}

/** @throws {PortError} MALFORMED */
function parsePeople(body: unknown): readonly DemoPerson[] {
  const people: unknown = (body as { people?: unknown } | null)?.people;
  if (!Array.isArray(people)) throw new PortError("MALFORMED");
  return people.map((person: unknown) => {
    const { name, besides } = (person ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || !Array.isArray(besides)) throw new PortError("MALFORMED");
    return { name, ...parseAffiliation(person), besides: besides.map(parseAffiliation) };
  });
}

/** @throws {PortError} MALFORMED */
function parseAffiliation(value: unknown): Affiliation {
  const { role, institution } = (value ?? {}) as Record<string, unknown>;
  if (typeof role !== "string" || typeof institution !== "string") throw new PortError("MALFORMED");
  return { role, institution };
}
