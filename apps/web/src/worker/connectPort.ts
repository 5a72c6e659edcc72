import type { Channel, Input, Method, Output, PortEvent, PortMessage } from "./port.ts";

/** What the worker could not do. `code` is one of the protocol's, or INTERNAL. */
export class PortError extends Error {
  readonly code: string;
  /** Ids of the institutions that did not give what was asked of them. */
  readonly away: readonly string[];

  constructor(code: string, away: readonly string[] = []) {
    super(`The worker answered ${code}`);
    this.name = "PortError";
    this.code = code;
    this.away = away;
  }
}

/** The screens' end of the port. */
export interface Port {
  /** @throws {PortError} */
  call<M extends Method>(method: M, input: Input<M>): Promise<Output<M>>;
  /** Tells at once how the connection stands, if that is known. @returns what ends the subscription. */
  subscribe(listener: (event: PortEvent) => void): () => void;
  /** Calls that wait fail with INTERNAL. */
  close(): void;
}

interface Waiting {
  resolve(output: unknown): void;
  reject(error: PortError): void;
}

/** Joins a screen to a worker. @param end - Ends the worker. */
export function connectPort(channel: Channel, end: () => void): Port {
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<(event: PortEvent) => void>();
  let last = 0;
  /** How the connection stands, for those who begin to listen later. */
  let standing: PortEvent | undefined;

  channel.addEventListener("message", ({ data }) => {
    const message = data as PortMessage;
    if ("event" in message) {
      if (message.event.what !== "changed") standing = message.event;
      for (const listener of listeners) listener(message.event);
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if ("failure" in message)
      call?.reject(new PortError(message.failure.code, message.failure.away));
    else call?.resolve(message.output);
  });

  return {
    call: <M extends Method>(method: M, input: Input<M>) =>
      new Promise<Output<M>>((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve: (output) => resolve(output as Output<M>), reject });
        channel.postMessage({ id: last, method, input });
      }),
    subscribe: (listener) => {
      listeners.add(listener);
      if (standing !== undefined) listener(standing);
      return () => listeners.delete(listener);
    },
    close: () => {
      end();
      for (const { reject } of waiting.values()) reject(new PortError("INTERNAL"));
      waiting.clear();
    },
  };
}
