import { readdir, rm } from "node:fs/promises";
import { decodeCanonical } from "@anamnesis/crypto/verify";
import type { Protection } from "@anamnesis/client";
import type { Credential } from "@anamnesis/protocol";
import { places, readFederation } from "./federationFile.ts";
import { homeOf, registryHome, registryKeyFile } from "./firstRun.ts";
import { spawnKeys } from "./keysProcess.ts";
import { registrarOf } from "./personName.ts";
import type { ProfileInstitution } from "./profiles/federation.ts";
import { profileNamed } from "./profiles/index.ts";
import { runFederation } from "./runFederation.ts";
import type { RunningFederation, RunOptions } from "./runFederation.ts";

/**
 * Starts a federation, gives each institution its registrar's device, and in a demo federation the demo persons.
 *
 * @param options.protection - How the registrars' devices are protected; asked before anything is made.
 * @throws {AnamnesisError} as `runFederation`; PASSPHRASE_REQUIRED
 */
export async function startWithPeople(
  options: RunOptions & {
    readonly protection: (demo: boolean) => Promise<Protection>;
    /** `false`: a demo federation without the seeded persons. */
    readonly people?: boolean;
  },
): Promise<RunningFederation> {
  const known = await readFederation(options.dir);
  const demo = options.demo || known?.demo === true;
  const protection = known === undefined ? await options.protection(demo) : undefined;
  const running = await runFederation(options);
  try {
    await addRegistrars(running, protection ?? (() => options.protection(demo)), options.say);
    if (options.demo && options.people !== false) {
      const { addDemoPeople } = await import("./demoPeople.ts");
      await addDemoPeople(running, options.say);
    }
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Makes the registrars' devices that do not exist yet, one child process for all; the registry's operator certifies them. */
async function addRegistrars(
  running: RunningFederation,
  protection: Protection | (() => Promise<Protection>),
  say: (text: string) => void,
): Promise<void> {
  const at = places(running.dir);
  const institutions: ProfileInstitution[] = [];
  for (const institution of profileNamed(running.file.profile).institutions) {
    if (!(await isCertified(at.device(registrarOf(institution.id)))))
      institutions.push(institution);
  }
  if (institutions.length === 0) return;
  say("Certifying each institution's registrar");
  const chosen = typeof protection === "function" ? await protection() : protection;
  const keys = spawnKeys();
  try {
    for (const { id, name } of institutions) {
      const folder = at.device(registrarOf(id));
      const person = { name: `${name} registrar`, role: "registrar", institution: id } as const;
      await rm(folder, { recursive: true, force: true });
      const request = await keys.make({ ...person, folder, protection: chosen });
      try {
        const credential = await issueRegistrar(running, id, person.name, request);
        await keys.keep(folder, at.trust, { credential });
      } catch (error) {
        await keys.drop(folder);
        throw error;
      }
    }
  } finally {
    keys.end();
  }
}

/**
 * Certifies a registrar, whom no registrar could attest: the institution's node vouches for them, and the registry's
 * operator, who has the home at hand, issues the certificate.
 */
async function issueRegistrar(
  running: RunningFederation,
  institution: string,
  name: string,
  made: Uint8Array,
): Promise<Credential> {
  const { request, boxKey } = decodeCanonical(made) as { request: Uint8Array; boxKey: Uint8Array };
  const place = {
    home: registryHome(running.dir),
    keyFile: registryKeyFile(running.dir),
    trust: running.trust,
  };
  const registrar = { institution, name, identifier: name, request, boxKey };
  const vouched = (await running
    .child(institution)
    .call(
      "node",
      "vouchForRegistrar",
      homeOf(running.dir, institution, "node"),
      registrar,
    )) as object;
  return (await running
    .child("registry")
    .call("registry", "issueRegistrar", place, { ...registrar, ...vouched })) as Credential;
}

/** Whether a device holds more than its identity: a run that was cut short may leave one without its certificate. */
async function isCertified(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith("_")).length > 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
