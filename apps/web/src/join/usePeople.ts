import { useQuery } from "@tanstack/react-query";
import { PortError } from "../worker/connectPort.ts";
import type { Answer } from "./answers.ts";

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
  const { data, error, refetch } = useQuery({
    queryKey: ["people"],
    queryFn: ({ signal }) => fetchPeople(signal),
    retry: false,
    networkMode: "always",
  });
  if (data !== undefined) return { status: "ready", value: data };
  if (error === null) return { status: "loading" };
  return {
    status: "failed",
    error: new PortError("UNAVAILABLE"),
    retry: () => void refetch(),
  };
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
