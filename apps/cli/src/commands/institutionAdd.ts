import { Option } from "commander";
import { institutionKinds } from "@anamnesis/protocol";
import type { InstitutionKind } from "@anamnesis/protocol";
import type { CommandModule } from "../commandTable.ts";
import { commandLine } from "../nextStep.ts";
import { changeMember, institutionId } from "../memberChange.ts";
import { passphraseOf } from "../passphrase.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Lets an institution into the running federation, after the registry's audit, and certifies its registrar. It runs no node: any member carries its staff's slips.",
      )
      .argument("<id>", "its id, e.g. blue-insurance")
      .requiredOption("--name <name>", "its name")
      .addOption(
        new Option("--level <level>", "what it is")
          .choices(institutionKinds)
          .default("third-party"),
      );
  },
  run: async (options, args) => {
    const institution = {
      id: institutionId(args[0]),
      name: String(options["name"]),
      level: options["level"] as InstitutionKind,
    };
    const passphrase = await passphraseOf(options);
    const protection = passphrase === undefined ? {} : { passphrase };
    await changeMember(options, { what: "add", ...institution, ...protection });
    return {
      json: { institution },
      lines: [`${institution.name} is of the federation`],
      next: commandLine(options, "person", "add", "NAME", "--role", "ROLE", "--at", institution.id),
    };
  },
};
