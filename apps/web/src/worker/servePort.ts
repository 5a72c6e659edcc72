import { awayIn } from "@anamnesis/client";
import type { Channel, Input, Method, Output, PortMessage, PortRequest } from "./port.ts";

/** What answers each call. */
export type Handlers = { readonly [M in Method]: (input: Input<M>) => Promise<Output<M>> };

/**
 * The worker's end of the port. When something fails, only its code and who was away leave it: an error's message may speak
 * of a person.
 *
 * @param report - Told of failures without a code, which are our own mistakes.
 */
export function servePort(
  channel: Channel,
  handlers: Handlers,
  report: (error: unknown) => void,
): void {
  const answer = async ({ id, method, input }: PortRequest): Promise<PortMessage> => {
    try {
      if (!Object.hasOwn(handlers, method)) return { id, failure: { code: "BAD_REQUEST" } };
      const handler = handlers[method] as (input: unknown) => Promise<unknown>;
      return { id, output: await handler(input) };
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) report(error);
      const away = awayIn(error);
      return { id, failure: { code: code ?? "INTERNAL", ...(away.length > 0 && { away }) } };
    }
  };
  channel.addEventListener("message", ({ data }) => {
    void answer(data as PortRequest).then((message) => channel.postMessage(message));
  });
}

/** The code of an error of ours; a failed fetch is a part that is away. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  return error instanceof TypeError && /fetch/i.test(error.message) ? "UNAVAILABLE" : undefined;
}
