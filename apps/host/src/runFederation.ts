import { mkdir, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AnamnesisError, parseTrust } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import {
  lockHolder,
  places,
  readFederation,
  takeLock,
  writeFederation,
} from "@anamnesis/client/folder";
import type { FederationFile } from "@anamnesis/client/folder";
import type { Protection } from "@anamnesis/client";
import { makeFederation } from "./firstRun.ts";
import { untilHealthy } from "./health.ts";
import { childNames, childPlan } from "./childPlan.ts";
import { spawnChild } from "./childProcess.ts";
import type { Child } from "./childProcess.ts";
import { startChildren } from "./children.ts";
import type { Children } from "./children.ts";
import { startPortal } from "./portal.ts";
import { freePorts, isFree } from "./ports.ts";
import type { Profile } from "./profiles/federation.ts";
import { profileNamed } from "./profiles/index.ts";
import { requireProtection } from "./registrars.ts";

export interface RunOptions {
  readonly dir: string;
  readonly profile: string;
  readonly demo: boolean;
  /** The portal's port; else that of the last run, else a free one. */
  readonly port?: number;
  /** Seals the registrars' devices, which a new folder gets. */
  readonly protection?: Protection | undefined;
  /** What the work is doing now, for people. */
  readonly say: (text: string) => void;
  /** What must not go unnoticed: a child that died. */
  readonly warn: (text: string) => void;
}

export interface RunningFederation {
  readonly dir: string;
  readonly portal: string;
  readonly trust: Trust;
  readonly file: FederationFile;
  /** The child of one institution, the registry or a vault. */
  child(name: string): Child;
  /** Ends every child in order and releases the folder. */
  stop(): Promise<void>;
}

/**
 * Starts the federation of a folder, made anew if the folder is empty, and waits until all of it is usable.
 *
 * @throws {AnamnesisError} ALREADY_RUNNING for a live folder; BAD_REQUEST where the folder is another kind of
 * federation; UNAVAILABLE when a port is taken or a part does not come up.
 */
export async function runFederation(options: RunOptions): Promise<RunningFederation> {
  const dir = resolve(options.dir);
  const profile = profileNamed(options.profile);
  const at = places(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await mkdir(at.logs, { recursive: true, mode: 0o700 });
  const release = await lockOf(at.lock);
  if (release === undefined) {
    const pid = await lockHolder(at.lock);
    throw new AnamnesisError(
      "ALREADY_RUNNING",
      `A federation runs in '${dir}' already (process ${pid ?? "unknown"}), want another --dir`,
    );
  }

  const processes = new Map<string, Child>();
  let children: Children | undefined;
  const stopAll = async (): Promise<void> => {
    await children?.stop();
    await Promise.all([...processes.values()].map((child) => child.stop()));
  };
  try {
    const found = await readFederation(dir);
    if (found !== undefined) await checkResumable(found, options);
    for (const name of childNames(profile)) processes.set(name, spawnChild(name, at.logs));
    const made = found ?? (await makeNew(dir, profile, options, processes));
    const trust = parseTrust(await readFile(at.trust, "utf8"));
    const port = options.port ?? (await portalPort(made));
    const origins = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
    const plan = childPlan(dir, profile, made, trust, origins);

    options.say("Starting the institutions, the registry and the vaults");
    const started = await startChildren(processes, plan, {
      logs: at.logs,
      warn: options.warn,
      changed: async () => {
        await noteRun().catch(() => options.warn("federation.json cannot be written"));
      },
    });
    children = started;
    const noteRun = async (): Promise<FederationFile> => {
      const portal = `http://127.0.0.1:${port}/`;
      const run = { pid: process.pid, portal, children: started.pids() };
      const file = { ...((await readFederation(dir)) ?? made), portal: port, run };
      await writeFederation(dir, file);
      return file;
    };
    await untilHealthy(trust, 60_000);
    const portal = await startPortal(dir, trust, port);

    return {
      dir,
      portal: portal.url,
      trust,
      file: await noteRun(),
      child: (name) => started.named(name),
      stop: async () => {
        await portal.stop();
        await stopAll();
        const { run: _ended, ...rest } = (await readFederation(dir)) ?? made;
        await writeFederation(dir, rest);
        await release();
      },
    };
  } catch (error) {
    await stopAll();
    await release();
    throw error;
  }
}

function makeNew(
  dir: string,
  profile: Profile,
  { demo, protection, say }: RunOptions,
  processes: ReadonlyMap<string, Child>,
): Promise<FederationFile> {
  say("Making keys, certificates and genesis documents");
  return makeFederation(dir, profile, {
    demo,
    processes,
    protection: requireProtection(protection),
  });
}

/** Takes the folder's lock; a host that was left alone needs a moment to end, and is waited for. */
async function lockOf(path: string): Promise<(() => Promise<void>) | undefined> {
  for (let waitedMs = 0; ; waitedMs += 100) {
    const release = await takeLock(path);
    if (release !== undefined || waitedMs >= 1_000) return release;
    await sleep(100);
  }
}

async function checkResumable(file: FederationFile, options: RunOptions): Promise<void> {
  if (file.profile !== options.profile) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      `This folder holds a federation of profile '${file.profile}', not '${options.profile}'`,
    );
  }
  if (options.demo && !file.demo) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      "This folder holds a federation without demo keys; --demo wants a new folder",
    );
  }
  const { nodes, proxies, registry, vaults } = file.ports;
  const ports = [
    ...Object.values(nodes),
    ...Object.values(proxies),
    registry,
    ...Object.values(vaults),
  ];
  let taken = await portsInUse(ports);
  // Children of a run that was killed end by themselves a moment later.
  for (let waitedMs = 0; taken.length > 0 && waitedMs < 6_000; waitedMs += 200) {
    await sleep(200);
    taken = await portsInUse(ports);
  }
  if (taken.length > 0) {
    throw new AnamnesisError(
      "UNAVAILABLE",
      `Ports ${taken.join(", ")} of this federation are in use by another program`,
    );
  }
}

async function portsInUse(ports: readonly number[]): Promise<number[]> {
  const taken: number[] = [];
  for (const port of ports) if (!(await isFree(port))) taken.push(port);
  return taken;
}

async function portalPort(file: FederationFile): Promise<number> {
  if (file.portal !== undefined && (await isFree(file.portal))) return file.portal;
  const [port = 0] = await freePorts(1);
  return port;
}
