import { mkdir, readFile } from "node:fs/promises";
import { openDevice, openSession } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import {
  deviceDir,
  enrolPerson,
  places,
  readFederation,
  registrarOf,
  spawnKeys,
} from "@anamnesis/client/folder";
import type { KeysProcess } from "@anamnesis/client/folder";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { parseTrust } from "@anamnesis/protocol";
import type { Role, Trust } from "@anamnesis/protocol";
import { childNames, childPlan } from "../../apps/host/src/childPlan.ts";
import type { Service } from "../../apps/host/src/childPlan.ts";
import { spawnChild } from "../../apps/host/src/childProcess.ts";
import type { Child } from "../../apps/host/src/childProcess.ts";
import { makeFederation } from "../../apps/host/src/firstRun.ts";
import { untilHealthy } from "../../apps/host/src/health.ts";
import type { Profile } from "../../apps/host/src/profiles/federation.ts";

/** Nothing is secret in a measurement. */
const protection = { demo: true } as const;
const HEALTHY_MS = 120_000;

/**
 * A federation as `up` makes it, but for one thing: each server has a process of its own, so that the system counts its
 * processor time by itself.
 */
export class ServerProcesses {
  readonly dir: string;
  readonly trust: Trust;
  readonly #keys: KeysProcess = spawnKeys();
  readonly #registrars = new Map<string, Promise<Session>>();
  readonly #servers: readonly Server[];

  private constructor(dir: string, trust: Trust, servers: readonly Server[]) {
    this.dir = dir;
    this.trust = trust;
    this.#servers = servers;
  }

  static async start(profile: Profile): Promise<ServerProcesses> {
    const dir = await temporaryFolder("servers-");
    const servers: Server[] = [];
    try {
      return new ServerProcesses(dir, await startAll(dir, profile, servers), servers);
    } catch (error) {
      await stopAll(servers);
      throw error;
    }
  }

  /** Process ids by app: node, proxy, registry, vault. */
  pids(): ReadonlyMap<string, readonly number[]> {
    const byApp = Map.groupBy(this.#servers, ({ app }) => app);
    return new Map([...byApp].map(([app, of]) => [app, of.map(({ child }) => child.pid)]));
  }

  /** Lets `work` run while one server alone is frozen (SIGSTOP), or killed and not started again meanwhile. */
  async without(
    which: { readonly app: string; readonly name: string },
    fault: "frozen" | "killed",
    work: () => Promise<void>,
  ): Promise<void> {
    const server = this.#servers.find(({ app, name }) => app === which.app && name === which.name);
    if (server === undefined) throw new Error(`No process of ${which.app} ${which.name}`);
    process.kill(server.child.pid, fault === "frozen" ? "SIGSTOP" : "SIGKILL");
    try {
      await work();
    } finally {
      if (fault === "frozen") process.kill(server.child.pid, "SIGCONT");
      else {
        await server.child.ended;
        await server.start();
      }
      await untilHealthy(this.trust, HEALTHY_MS);
    }
  }

  /** Enrols a person, whose device lies in the folder. */
  async enrol(name: string, role: Role, institution: string): Promise<void> {
    let registrar = this.#registrars.get(institution);
    if (registrar === undefined) {
      const device = openDevice(deviceDir(places(this.dir).device(registrarOf(institution))));
      registrar = device.then((opened) => openSession(opened, this.trust));
      this.#registrars.set(institution, registrar);
    }
    const person = { name, role, identifier: name, protection };
    await enrolPerson(this.dir, await registrar, this.#keys, person);
  }

  async stop(): Promise<void> {
    this.#keys.end();
    await stopAll(this.#servers);
  }
}

class Server {
  readonly app: string;
  readonly name: string;
  readonly #logs: string;
  readonly #service: Service;
  #hasEnded = false;
  child: Child;

  constructor(name: string, service: Service, logs: string) {
    this.app = service.app;
    this.name = name;
    this.#logs = logs;
    this.#service = service;
    this.child = this.#spawned();
  }

  #spawned(): Child {
    const child = spawnChild(`${this.app}-${this.name}`, this.#logs);
    this.#hasEnded = false;
    void child.ended.then(() => (this.#hasEnded = true));
    return child;
  }

  /** In a process of its own, a new one where it had one that ended. */
  async start(): Promise<void> {
    if (this.#hasEnded) this.child = this.#spawned();
    const { app, start, config } = this.#service;
    await this.child.start(app, start, config);
  }
}

const stopAll = async (servers: readonly Server[]): Promise<void> => {
  await Promise.all(servers.map(({ child }) => child.stop()));
};

/** @param servers - Gets each process as it is started, whatever happens after. */
async function startAll(dir: string, profile: Profile, servers: Server[]): Promise<Trust> {
  const at = places(dir);
  await mkdir(at.logs, { recursive: true, mode: 0o700 });
  const makers = new Map(childNames(profile).map((name) => [name, spawnChild(name, at.logs)]));
  try {
    await makeFederation(dir, profile, { demo: true, processes: makers, protection });
  } finally {
    await Promise.all([...makers.values()].map((maker) => maker.stop()));
  }
  const file = await readFederation(dir);
  if (file === undefined) throw new Error("No federation was made");
  const trust = parseTrust(await readFile(at.trust, "utf8"));
  const plan = childPlan(dir, profile, file, trust, []);
  const services = [...plan].flatMap(([name, of]) => of.map((service) => ({ name, service })));
  await Promise.all(
    services.map(async ({ name, service }) => {
      const server = new Server(name, service, at.logs);
      servers.push(server);
      await server.start();
    }),
  );
  await untilHealthy(trust, HEALTHY_MS);
  return trust;
}
