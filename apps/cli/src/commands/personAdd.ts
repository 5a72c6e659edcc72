import { Option } from "commander";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { enrolPerson, parsePersonName, registrarOf, spawnKeys } from "@anamnesis/client/folder";
import { commandLine } from "../nextStep.ts";
import { protectionOf } from "../passphrase.ts";
import { consortiumOf, parseInstitutionId, roles } from "@anamnesis/protocol";
import type { Role } from "@anamnesis/protocol";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Enrols a person as the institution's registrar. The person's keys are made in a process of their own.",
      )
      .argument("<name>", "the person's name: of the device, and for staff of the certificate")
      .addOption(
        new Option("--role <role>", "what the person is")
          .choices(roles.filter((role) => role !== "registrar"))
          .makeOptionMandatory(),
      )
      .requiredOption("--at <institution>", "where they enrol")
      .option(
        "--identifier <id>",
        "what the registrar attests, e.g. a national identifier (default: the name)",
      );
  },
  run: async (options, args) => {
    const name = parsePersonName(String(args[0]));
    const institution = parseInstitutionId(String(options["at"]));
    const keys = spawnKeys();
    try {
      const registrar = await actingAs(options, registrarOf(institution), ["registrar"]);
      const person = await enrolPerson(options.dir, registrar, keys, {
        name,
        role: options["role"] as Role,
        identifier: String(options["identifier"] ?? name),
        protection: await protectionOf(options, consortiumOf(registrar.trust).demo),
      });
      return {
        json: { person },
        lines: [`${person.name} is enrolled as ${person.role} at ${person.institution}`],
        ...(person.role === "patient"
          ? { next: commandLine(options, "visit", "open", "--as", person.name, "--with", "DOCTOR") }
          : {}),
      };
    } finally {
      keys.end();
    }
  },
};
