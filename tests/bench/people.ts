import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { PeopleAnswer, PeopleAsk, PeopleCalls } from "./peopleProcess.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The line to a process of people; many calls can be under way. */
export class People {
  readonly #child: ChildProcess = fork(
    fileURLToPath(new URL("peopleProcess.ts", import.meta.url)),
    [],
    { serialization: "advanced" },
  );
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor() {
    this.#child.on("message", (answer: PeopleAnswer) => this.#take(answer));
    this.#child.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("A people's process died"));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** @throws {Error} when the workflow was refused: its code and what it said. */
  do<C extends keyof PeopleCalls>(
    call: C,
    ...args: Parameters<PeopleCalls[C]>
  ): ReturnType<PeopleCalls[C]> {
    const id = ++this.#asked;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const ask: PeopleAsk = { id, call, args };
      this.#child.send(ask);
    });
    return answer as ReturnType<PeopleCalls[C]>;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  #take(answer: PeopleAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("failed" in answer) waiting?.reject(new Error(answer.failed));
    else waiting?.resolve(answer.value);
  }
}
