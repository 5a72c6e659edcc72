import { openVisit } from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { doctorNamed } from "../doctorNamed.ts";
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
    const doctor = await doctorNamed(session, String(options["with"]));
    const categories = parseList(options["categories"]);
    const opened = await openVisit(session, {
      institution: doctor.institution,
      doctor: doctor.fingerprint,
      ...(categories === undefined ? {} : { categories }),
    });
    const { token: _sealedToTheDoctor, ...visit } = opened;
    return {
      json: { visit },
      lines: [
        `Visit open at ${visit.institution}; ${doctor.name} has the token for ${visit.categories.join(", ")}`,
      ],
      next: commandLine(
        options,
        "record",
        "import",
        "FILE",
        "--by",
        doctor.name,
        "--for",
        session.device.name,
      ),
    };
  },
};
