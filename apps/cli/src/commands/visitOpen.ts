import { openVisit } from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { commandLine } from "../nextStep.ts";
import { parseList } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Opens a visit at the doctor's institution; the visit token and contact card go to the doctor, sealed.",
      )
      .requiredOption("--as <patient>", "whose visit it is")
      .requiredOption("--with <doctor>", "the doctor: NAME or NAME@INSTITUTION")
      .option("--categories <a,b>", "what the doctor may write (default: every category)");
  },
  run: async (options) => {
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    const categories = parseList(options["categories"]);
    const opened = await openVisit(session, {
      doctor: String(options["with"]),
      ...(categories === undefined ? {} : { categories }),
    });
    const { token: _sealedToTheDoctor, ...visit } = opened;
    const doctor = visit.doctor!.name;
    return {
      json: { visit },
      lines: [
        `Visit open at ${visit.institution}; ${doctor} has the token for ${visit.categories.join(", ")}`,
      ],
      next: commandLine(
        options,
        "record",
        "import",
        "FILE",
        "--by",
        doctor,
        "--for",
        session.device.name,
      ),
    };
  },
};
