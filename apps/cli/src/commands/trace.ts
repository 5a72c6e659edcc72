import { fromBase64url, randomBytes } from "@anamnesis/crypto/verify";
import { agreeToOrder, askWhose, orderTrace } from "@anamnesis/client/person";
import { AnamnesisError, parsePid } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { startHost } from "../hostProcess.ts";
import { parseId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Finds out whose a visit is: an officer of the institution orders it, an officer of the registry agrees, and the registry answers to the proof of that. Everybody sees the case on the consortium, nobody the visit.",
      )
      .argument("<pid>", "the visit's pseudonym, 64 hex digits")
      .requiredOption("--case <text>", "for which case; it stands on the consortium")
      .requiredOption("--by <officer>", "the institution's officer")
      .requiredOption("--with <officer>", "the registry's officer");
  },
  run: async (options, args) => {
    const pid = parsePid(parseId(String(args[0]), "visit"));
    const by = await actingAs(options, String(options["by"]), ["officer"]);
    const second = await actingAs(options, String(options["with"]), ["officer"]);
    const sealed = await sealedTrace(options.dir, by.device.institution, pid);
    const traced = { pid, case: String(options["case"]), salt: randomBytes(32) };
    const { fingerprint } = await by.device.certificate();
    const agreement = await agreeToOrder(second, traced, fingerprint);
    const order = await orderTrace(by, traced, agreement);
    const { identifier, institution } = await askWhose(by, traced, order, sealed);
    return {
      json: { traced: { pid, order, identifier, institution } },
      lines: [`The visit is of ${identifier}, enrolled at ${institution}`],
    };
  },
};

/** @throws {AnamnesisError} NOT_FOUND for a visit that was not let in there. */
async function sealedTrace(dir: string, institution: string, pid: string): Promise<Uint8Array> {
  let sealed: string | undefined;
  await startHost({ verb: "trace", dir, institution, pid }, (event) => {
    if (event.what === "trace") sealed = event.sealed;
  }).done;
  if (sealed === undefined)
    throw new AnamnesisError("NOT_FOUND", `No such visit was opened at ${institution}`);
  return fromBase64url(sealed);
}
