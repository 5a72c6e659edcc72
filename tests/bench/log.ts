/**
 * How long a patient waits for "who looked": 500 uses under five grants, most of them over. A federation in memory, so that what
 * nodes and proxies compute is in it, and no network. Run alone (`node tests/bench/log.ts`) it prints its rows as JSON.
 */
import type { Network, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, proxyInstitution } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { announceMany, denyMany } from "@anamnesis/testing/client/uses";
import { within } from "./row.ts";
import type { Row } from "./row.ts";

const GRANTS = 5;
/** Under each grant: openings, and as many refusals. */
const USES = 50;
const BUDGET_MS = 2_000;
/** While an institution takes every call and answers none. */
const frozenBudgetMs = (usualMs: number): number => 1.5 * usualMs + 2_000;

/** Rows `records.whoLooked` (a first look), `records.whoLookedAgain` and `records.whoLookedFrozen` (first looks again). */
export async function benchLog(): Promise<Row[]> {
  const { federation, alice } = await lookedAt();
  const first = await timed(await forgetting(alice));
  const again = await timed({ ...alice });
  const network = freezing(federation, proxyInstitution(alice.trust, 1));
  const frozen = await timed({ ...(await forgetting(alice)), network });
  const row = { unit: "ms", budget: BUDGET_MS };
  return [
    within({ ...row, id: "records.whoLooked", value: first }),
    within({ ...row, id: "records.whoLookedAgain", value: again }),
    within({
      ...row,
      id: "records.whoLookedFrozen",
      value: frozen,
      budget: frozenBudgetMs(first),
    }),
  ];
}

async function lookedAt(): Promise<{ federation: ClientFederation; alice: Session }> {
  const federation = await ClientFederation.make();
  const alice = await federation.join("patient", "alice");
  const author = await federation.join("doctor", "Dr Li");
  const reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
  await doctor.receive(author);
  const content = utf8("a letter of several words");
  await doctor.importFile(author, { content, fileName: "a.txt", for: "alice" });
  const [record] = await patient.listRecords(alice);
  const digest = record!.versions[0]!.digest;
  for (let i = 0; i < GRANTS; i += 1) {
    const { id: gid } = await patient.grant(alice, { to: "Dr Chen" });
    const used = { patient: alice, reader, gid };
    await announceMany(federation, used, [digest], USES);
    await denyMany(federation, used, USES);
    if (i > 0) await patient.revoke(alice, gid);
  }
  return { federation, alice };
}

/** A session of a device that has proved no use of a grant yet. */
async function forgetting(session: Session): Promise<Session> {
  const { items } = session.device;
  for (const kind of ["provenUses", "denial"] as const)
    for (const [key] of await items.entries(kind)) await items.remove(kind, key);
  return { ...session };
}

/** A network in which an institution's node and proxy take every call and answer none. */
function freezing(network: Network, institution: string): Network {
  const silent = <T extends object>(part: T, signal: AbortSignal | undefined): T =>
    new Proxy(part, {
      get: () => () =>
        new Promise((_, reject) => {
          const end = (): void => reject(new AnamnesisError("UNAVAILABLE", "It does not answer"));
          signal?.addEventListener("abort", end);
        }),
    });
  return {
    node: (id, signal) =>
      id === institution ? silent(network.node(id), signal) : network.node(id, signal),
    proxy: (index, signal) =>
      index === 1 ? silent(network.proxy(index), signal) : network.proxy(index, signal),
    mailbox: (id, signal) => network.mailbox(id, signal),
    vault: (id) => network.vault(id),
    registry: () => network.registry(),
  };
}

async function timed(session: Session): Promise<number> {
  // The timers that end a wait keep no process alive, as sockets would.
  const alive = setInterval(() => undefined, 1_000);
  const since = performance.now();
  const log = await patient.accessLog(session).finally(() => clearInterval(alive));
  const ms = performance.now() - since;
  const uses = log.filter(({ what }) => what === "opened" || what === "denied");
  if (uses.length !== 2 * GRANTS * USES) throw new Error(`The log shows ${uses.length} uses`);
  return ms;
}

if (import.meta.main)
  process.stdout.write(`${JSON.stringify({ rows: await benchLog() }, undefined, 2)}\n`);
