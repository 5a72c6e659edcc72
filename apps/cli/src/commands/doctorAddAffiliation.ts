import { Option } from "commander";
import { affiliatePerson, parsePersonName, registrarOf, spawnKeys } from "@anamnesis/client/folder";
import { rolesAt, staffRoles } from "@anamnesis/protocol";
import type { Role } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { institutionId } from "../memberChange.ts";
import { passphraseOf } from "../passphrase.ts";

/** What a doctor may be besides: whatever staff has where patients are cared for. */
const besides = rolesAt("tertiary").filter(
  (role) => staffRoles.includes(role) && role !== "registrar",
);

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Certifies a doctor at another institution, or there in another role, as that institution's registrar. The device stays one; keys, tokens and grants are of each certificate. Act with --as NAME@INSTITUTION.",
      )
      .argument("<name>", "the doctor, whose device lies here")
      .requiredOption("--at <institution>", "where they work besides")
      .addOption(new Option("--role <role>", "as what").choices(besides).default("doctor"))
      .option("--identifier <id>", "what the registrar attests (default: the name)");
  },
  run: async (options, args) => {
    const name = parsePersonName(String(args[0]));
    const institution = institutionId(options["at"]);
    const keys = spawnKeys();
    try {
      const registrar = await actingAs(options, registrarOf(institution), ["registrar"]);
      const person = await affiliatePerson(options.dir, registrar, keys, {
        name,
        role: options["role"] as Role,
        identifier: String(options["identifier"] ?? name),
        passphrase: await passphraseOf(options),
      });
      return {
        json: { person },
        lines: [
          `${person.name} is ${person.role} at ${person.institution} besides: --as ${person.name}@${person.institution}`,
        ],
      };
    } finally {
      keys.end();
    }
  },
};
