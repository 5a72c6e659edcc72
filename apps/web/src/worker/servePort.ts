import type {
  Channel,
  Input,
  Method,
  Output,
  PortFailure,
  PortMessage,
  PortRequest,
} from "./port.ts";

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
      return { id, failure: { code: code ?? "INTERNAL", ...awayIn(error) } };
    }
  };
  channel.addEventListener("message", ({ data }) => {
    void answer(data as PortRequest).then((message) => channel.postMessage(message));
  });
}

/** Who an error of ours says was away: ids of institutions, which are public, and nothing else of its details. */
function awayIn(error: unknown): Pick<PortFailure, "away"> {
  const { details } = error as { readonly details?: { readonly away?: unknown } };
  const away = details?.away;
  if (!Array.isArray(away) || away.length === 0) return {};
  return { away: [...new Set(away.filter((id) => typeof id === "string"))] };
}

/** The code of an error of ours; a failed fetch is a part that is away. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  return error instanceof TypeError && /fetch/i.test(error.message) ? "UNAVAILABLE" : undefined;
}
