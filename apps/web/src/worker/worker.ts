/**
 * Where keys live: opens the device of one person, and opens, confirms and grants on it. The page sees only what
 * `port.ts` names.
 */
import type { Session } from "@anamnesis/client";
import { ready } from "@anamnesis/crypto/verify";
import { categories } from "@anamnesis/fhir";
import { AnamnesisError, consortiumOf, limits, purposes } from "@anamnesis/protocol";
import { openDemoSession } from "./demoDevice.ts";
import { listen } from "./listen.ts";
import type { Channel, EnteredPerson, Input, Method, Output, PortEvent } from "./port.ts";
import { codeOf, servePort } from "./servePort.ts";
import type { Handlers } from "./servePort.ts";

const scope = globalThis as unknown as Channel;
const tell = (event: PortEvent): void => scope.postMessage({ event });
const stop = new AbortController();

let person: Partial<Handlers> | undefined;

/** What a first page shows: it verifies signatures, and needs no curve. All else waits for the engine. */
const lists: ReadonlySet<Method> = new Set<Method>([
  "patient.kept",
  "patient.records",
  "patient.requests",
  "doctor.readable",
  "doctor.grants",
  "doctor.written",
  "doctor.patients",
  "doctor.requests",
]);
let listed = (): void => undefined;
const firstList = new Promise<void>((resolve) => {
  listed = resolve;
});
const ENGINE_AFTER_MS = 3_000;

async function enter({ name }: { readonly name: string }): Promise<EnteredPerson> {
  if (person !== undefined)
    throw new AnamnesisError("BAD_REQUEST", "This worker acts for somebody already");
  const session = await openDemoSession(location.origin, name);
  person =
    session.device.role === "patient"
      ? (await import("./patientCalls.ts")).patientCalls(session, () =>
          tell({ what: "changed", news: "details" }),
        )
      : (await import("./doctorCalls.ts")).doctorCalls(session);
  void keepListening(session);
  const { role, institution } = session.device;
  const { members, consortium } = consortiumOf(session.trust);
  const institutions = Object.fromEntries(members.map((member) => [member.id, member.name]));
  const { grantLifetimeMs } = limits;
  const rules = { categories, purposes, grantLifetimeMs };
  const guards = Object.fromEntries(
    consortium.proxies.map((proxy) => [proxy.index, proxy.institution]),
  );
  return { name: session.device.name, role, institution, institutions, guards, rules };
}

async function keepListening(session: Session): Promise<void> {
  try {
    // The engine is large: on a slow line the first list comes before it.
    await Promise.race([firstList, new Promise((done) => setTimeout(done, ENGINE_AFTER_MS))]);
    await ready();
    await listen(session, stop.signal, tell);
  } catch (error) {
    // Without a name or content: whatever failed, the page goes on with what it can fetch.
    console.warn("Listening ended", codeOf(error) ?? "INTERNAL");
    tell({ what: "waiting" });
  }
}

/** A call that the entered person's role has; others are not theirs. */
const forPerson =
  <M extends Method>(method: M) =>
  async (input: Input<M>): Promise<Output<M>> => {
    const handler = person?.[method];
    if (handler === undefined)
      throw new AnamnesisError("NOT_FOR_THIS_ROLE", "This call is not for this person");
    if (!lists.has(method)) await ready();
    const output = (await handler(input as never)) as Output<M>;
    if (lists.has(method) && method !== "patient.kept") listed();
    return output;
  };

servePort(
  scope,
  {
    enter,
    "patient.kept": forPerson("patient.kept"),
    "patient.records": forPerson("patient.records"),
    "patient.record": forPerson("patient.record"),
    "patient.confirm": forPerson("patient.confirm"),
    "patient.dispute": forPerson("patient.dispute"),
    "patient.requests": forPerson("patient.requests"),
    "patient.approve": forPerson("patient.approve"),
    "patient.refuse": forPerson("patient.refuse"),
    "patient.grants": forPerson("patient.grants"),
    "patient.revoke": forPerson("patient.revoke"),
    "patient.log": forPerson("patient.log"),
    "patient.history": forPerson("patient.history"),
    "patient.summary": forPerson("patient.summary"),
    "patient.proof": forPerson("patient.proof"),
    "doctor.readable": forPerson("doctor.readable"),
    "doctor.written": forPerson("doctor.written"),
    "doctor.grants": forPerson("doctor.grants"),
    "doctor.record": forPerson("doctor.record"),
    "doctor.copy": forPerson("doctor.copy"),
    "doctor.history": forPerson("doctor.history"),
    "doctor.patients": forPerson("doctor.patients"),
    "doctor.requests": forPerson("doctor.requests"),
    "doctor.ask": forPerson("doctor.ask"),
  },
  (error) => console.error("Worker failed inside", (error as Error | undefined)?.name),
);
