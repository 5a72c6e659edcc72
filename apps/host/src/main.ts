/**
 * The host: the process that `anamnesis up` and `anamnesis demo` start. It runs a federation's child processes and its
 * portal. Its first message says what to do (HostRequest); what happens it says in HostEvents.
 */
import type { HostEvent, HostRequest } from "@anamnesis/client/folder";
import { playDemo } from "./demo/play.ts";
import { changeMember } from "./members.ts";
import { sealedTrace } from "./sealedTrace.ts";
import { startWithPeople } from "./startWithPeople.ts";

const tell = (event: HostEvent): void => void process.send?.(event);

const stopped = new Promise<void>((resolve) => {
  process.on("message", ({ verb }: HostRequest) => verb === "stop" && resolve());
  // The terminal sends Ctrl-C to the whole group. A second signal ends the process as usual.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.once(signal, () => resolve());
});

// Whoever started this process is gone: the children notice the end of this one, and end by themselves.
process.once("disconnect", () => process.exit(1));

process.once("message", (request: HostRequest) => {
  void obey(request)
    .then((): HostEvent => ({ what: "done" }), failed)
    // The last message is on its way before the process ends.
    .then((last) => process.send?.(last, () => process.exit(last.what === "done" ? 0 : 1)));
});

function failed(error: unknown): HostEvent {
  const { code, message, path } = error as NodeJS.ErrnoException;
  const file = path === undefined ? {} : { path };
  return { what: "failed", code: code ?? "INTERNAL", message: String(message), ...file };
}

async function obey(request: HostRequest): Promise<void> {
  switch (request.verb) {
    case "up":
      return up(request);
    case "member":
      return changeMember(request.dir, request.change, (text) => tell({ what: "progress", text }));
    case "trace":
      return tell({ what: "trace", ...(await sealedTrace(request)) });
    case "demo":
      return playDemo(request.dir, {
        told: (step) => tell({ what: "step", step }),
        warn: (text) => tell({ what: "warning", text }),
      });
    case "stop":
      return undefined;
  }
}

async function up(request: HostRequest & { verb: "up" }): Promise<void> {
  const running = await startWithPeople({
    ...request,
    say: (text) => tell({ what: "progress", text }),
    warn: (text) => tell({ what: "warning", text }),
  });
  const { portal, dir, file } = running;
  tell({ what: "ready", portal, dir, demo: file.demo });
  await stopped;
  tell({ what: "progress", text: "Stopping" });
  await running.stop();
}
