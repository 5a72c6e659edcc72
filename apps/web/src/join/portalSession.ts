import { connectPort, PortError } from "../worker/connectPort.ts";
import type { Port } from "../worker/connectPort.ts";
import type { Channel, EnteredPerson } from "../worker/port.ts";

/** Who sits before the screen, and the worker that acts for them. */
export type PortalState =
  | { readonly status: "choosing" }
  | { readonly status: "entering"; readonly name: string }
  | { readonly status: "failed"; readonly name: string; readonly error: PortError }
  | { readonly status: "entered"; readonly person: EnteredPerson; readonly port: Port };

/** What starts a worker, and what ends it. */
export type StartWorker = () => { readonly channel: Channel; end(): void };

/** The name is kept for this tab only, so that a reload stays with the person and two tabs can be two people. */
const STORAGE_NAME = "anamnesis.person";

/** Joins one person at a time to a worker of their own: a change of person ends the worker and all it holds. */
export class PortalSession {
  #state: PortalState = { status: "choosing" };
  #end: (() => void) | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #startWorker: StartWorker;
  readonly #storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;

  constructor(
    startWorker: StartWorker,
    storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
  ) {
    this.#startWorker = startWorker;
    this.#storage = storage;
  }

  readonly state = (): PortalState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Goes on as the person of this tab, if there is one. */
  resume(): void {
    const name = this.#storage.getItem(STORAGE_NAME);
    if (name !== null) void this.enter(name);
  }

  async enter(name: string): Promise<void> {
    this.#leave();
    this.#set({ status: "entering", name });
    const { channel, end } = this.#startWorker();
    const port = connectPort(channel, end);
    this.#end = port.close;
    try {
      const person = await port.call("enter", { name });
      if (this.#end !== port.close) return;
      this.#storage.setItem(STORAGE_NAME, name);
      this.#set({ status: "entered", person, port });
    } catch (error) {
      if (this.#end !== port.close) return;
      this.#leave();
      const known = error instanceof PortError ? error : new PortError("INTERNAL");
      this.#set({ status: "failed", name, error: known });
    }
  }

  /** Back to the choice of people. */
  leave(): void {
    this.#leave();
    this.#set({ status: "choosing" });
  }

  #leave(): void {
    const end = this.#end;
    this.#end = undefined;
    end?.();
    this.#storage.removeItem(STORAGE_NAME);
  }

  #set(state: PortalState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
