import { readdir, rm } from "node:fs/promises";
import { decodeCanonical } from "@anamnesis/crypto/verify";
import type { Protection } from "@anamnesis/client";
import { places, readFederation, registrarOf, spawnKeys } from "@anamnesis/client/folder";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Credential } from "@anamnesis/protocol";
import { dataDirectoryOf, registryDirectory, registryKeyFile } from "./firstRun.ts";
import type { ProfileInstitution } from "./profiles/federation.ts";
import { profileNamed } from "./profiles/index.ts";
import { runFederation } from "./runFederation.ts";
import type { RunningFederation, RunOptions } from "./runFederation.ts";

/**
 * Starts a federation, gives each institution its registrar's device, and in a demo federation the demo persons.
 *
 * @throws {AnamnesisError} as `runFederation`; PASSPHRASE_REQUIRED, in a new folder before anything is made
 */
export async function startWithPeople(
  options: RunOptions & {
    /** Seals the registrars' devices, but for those of a demo federation, where nothing is secret. */
    readonly passphrase?: string;
    /** `false`: a demo federation without the seeded persons. */
    readonly people?: boolean;
  },
): Promise<RunningFederation> {
  const known = await readFederation(options.dir);
  const protection = protectionOf(options.demo || known?.demo === true, options.passphrase);
  if (known === undefined) requireProtection(protection);
  const running = await runFederation(options);
  try {
    await addRegistrars(running, protection, options.say);
    if (options.demo && options.people !== false) {
      const { addDemoPeople } = await import("./demo/people.ts");
      await addDemoPeople(running, options.say);
    }
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

const protectionOf = (demo: boolean, passphrase: string | undefined): Protection | undefined =>
  demo ? { demo: true } : passphrase === undefined ? undefined : { passphrase };

/** @throws {AnamnesisError} PASSPHRASE_REQUIRED */
function requireProtection(protection: Protection | undefined): Protection {
  if (protection !== undefined) return protection;
  throw new AnamnesisError(
    "PASSPHRASE_REQUIRED",
    "The registrars' devices need a passphrase, want --passphrase-file or ANAMNESIS_PASSPHRASE",
  );
}

/** Makes the registrars' devices that do not exist yet, one child process for all; the registry's operator certifies them. */
async function addRegistrars(
  running: RunningFederation,
  protection: Protection | undefined,
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
  const chosen = requireProtection(protection);
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
    home: registryDirectory(running.dir),
    keyFile: registryKeyFile(running.dir),
    trust: running.trust,
  };
  const registrar = { institution, name, identifier: name, request, boxKey };
  const vouched = (await running
    .child(institution)
    .call(
      "node",
      "vouchForRegistrar",
      dataDirectoryOf(running.dir, institution, "node"),
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
