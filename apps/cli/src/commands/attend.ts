import { mkdir } from "node:fs/promises";
import { attend } from "@anamnesis/client/patient";
import type { AttendEvent } from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { parsePersonName, places, takeLock } from "@anamnesis/client/folder";
import { printable } from "../output.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Answers doctors who hold the contact card, by the owner's rules, until stopped.",
      )
      .requiredOption("--as <patient>", "whose device attends");
  },
  run: async (options) => {
    const name = parsePersonName(String(options["as"]));
    const at = places(options.dir);
    const session = await actingAs(options, name, ["patient"]);
    await mkdir(at.attending, { recursive: true, mode: 0o700 });
    const release = await takeLock(at.attendLock(name));
    if (release === undefined)
      throw new AnamnesisError("ALREADY_RUNNING", `'${name}' attends already, in another process`);
    const stop = new AbortController();
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
      process.once(signal, () => stop.abort());
    // Started by `record import`: whoever started it is gone, so its work is done.
    if (process.send !== undefined) process.once("disconnect", () => stop.abort());
    try {
      await attend(session, {
        signal: stop.signal,
        onEvent: (event) => say(event, options.json === true),
      });
    } finally {
      await release();
    }
    process.exit(0);
  },
};

function say(event: AttendEvent, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(event)}\n` : `${printable(eventText(event))}\n`);
}

function eventText(event: AttendEvent): string {
  switch (event.what) {
    case "attending":
      return `Attending (${event.boxes} boxes); Ctrl-C stops`;
    case "answered":
      return `${event.doctor.name} at ${event.doctor.institution} got tokens for ${event.visits} visits`;
    case "declined":
      return `Declined ${event.doctor?.name ?? "somebody unknown"}: ${event.code}`;
    case "noticed":
      return `A record was written: ${event.record}`;
    case "asked":
      return `${event.doctor.name} at ${event.doctor.institution} asks for access: ${event.request}`;
    case "lookedUp":
      return "A notice says that somebody looked the contact card up at the registry";
    case "waiting":
      return `Waiting: ${event.message}`;
  }
}
