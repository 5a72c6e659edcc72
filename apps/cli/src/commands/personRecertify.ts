import { Option } from "commander";
import { listStaff } from "@anamnesis/client";
import { enrolPerson, parsePersonName, registrarOf, spawnKeys } from "@anamnesis/client/folder";
import { AnamnesisError, consortiumOf, staffRoles } from "@anamnesis/protocol";
import type { Role } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { directoryOf } from "../directory.ts";
import { institutionId } from "../memberChange.ts";
import type { GlobalOptions } from "../options.ts";
import { parseId } from "../parseOptions.ts";
import { protectionOf } from "../passphrase.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Certifies somebody of an institution's staff anew whose device is lost, as its registrar, who attests them once more. The lost certificate ends; whoever dealt with it has to accept the new one.",
      )
      .argument("<name>", "the person; no device of this name may lie here")
      .addOption(
        new Option("--role <role>", "what the person is")
          .choices(staffRoles.filter((role) => role !== "registrar"))
          .default("doctor"),
      )
      .requiredOption("--at <institution>", "where they work")
      .option(
        "--replaces <fingerprint>",
        "of the lost certificate (default: the last of that name)",
      )
      .option(
        "--identifier <id>",
        "what the registrar attested at the first enrolment (default: the name)",
      );
  },
  run: async (options, args) => {
    const name = parsePersonName(String(args[0]));
    const person = {
      name,
      role: options["role"] as Role,
      institution: institutionId(options["at"]),
    };
    const said = options["replaces"];
    const keys = spawnKeys();
    try {
      const registrar = await actingAs(options, registrarOf(person.institution), ["registrar"]);
      const replaces =
        said === undefined
          ? await lostCertificate(options, person)
          : parseId(String(said), "certificate");
      const certified = await enrolPerson(options.dir, registrar, keys, {
        ...person,
        replaces,
        identifier: String(options["identifier"] ?? name),
        protection: await protectionOf(options, consortiumOf(registrar.trust).demo),
      });
      return {
        json: { person: certified, replaces },
        lines: [
          `${name} is certified anew as ${person.role} at ${person.institution}`,
          `Whoever knew ${replaces.slice(0, 16)}… accepts the new one: anamnesis person accept ${certified.fingerprint}`,
        ],
      };
    } finally {
      keys.end();
    }
  },
};

/** The certificate that began last under this name. @throws {AnamnesisError} NOT_FOUND */
async function lostCertificate(
  options: GlobalOptions,
  { name, role, institution }: { name: string; role: string; institution: string },
): Promise<string> {
  const staff = await listStaff(await directoryOf(options), { name, institution }, Date.now());
  const last = staff
    .filter((one) => one.role === role)
    .toSorted((left, right) => right.validTo - left.validTo)[0];
  if (last === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      `Nobody called '${name}' was certified as ${role} at ${institution}`,
    );
  return last.fingerprint;
}
