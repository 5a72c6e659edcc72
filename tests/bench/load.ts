import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadCall, LoadPlan, LoadReply, Posting, Querying } from "./loadProcess.ts";

/** The line to a load generator. Only posting and querying are timed; slips are made and connections opened before. */
export class Load {
  readonly child: ChildProcess = fork(fileURLToPath(new URL("loadProcess.ts", import.meta.url)));
  #runs = 0;

  async plan(plan: LoadPlan): Promise<void> {
    await this.#ask({ verb: "plan", plan });
  }

  /** Makes `count` slips that were never made before, and opens the connections that {@link post} sends them over. */
  async make(label: string, count: number, how: Posting): Promise<void> {
    await this.#ask({ verb: "make", label: `${label} ${++this.#runs}`, count, how });
  }

  /** Posts what was made. @throws {Error} when a slip is refused */
  async post(): Promise<LoadReply> {
    const reply = await this.#ask({ verb: "post" });
    if (reply.refused > 0) throw new Error(`${reply.refused} slips were refused`);
    return reply;
  }

  /** @throws {Error} when a proof is refused */
  async query(how: Querying): Promise<LoadReply> {
    const reply = await this.#ask({ verb: "query", ...how });
    if (reply.refused > 0) throw new Error(`${reply.refused} of ${how.count} queries were refused`);
    return reply;
  }

  async #ask(message: LoadCall): Promise<LoadReply> {
    const ended = new AbortController();
    const died = once(this.child, "exit", { signal: ended.signal }).then(() => {
      throw new Error("The load generator died");
    });
    died.catch(() => undefined);
    this.child.send(message);
    const [reply] = await Promise.race([once(this.child, "message"), died]);
    ended.abort();
    return reply as LoadReply;
  }
}
