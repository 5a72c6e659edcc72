import { useMutation as useQueryMutation, useQuery as useQueryAnswer } from "@tanstack/react-query";
import { useCallback } from "react";
import { PortError } from "../worker/connectPort.ts";
import type { Input, Method, Output } from "../worker/port.ts";
import { once } from "./queries.ts";
import { useSession } from "./SessionProvider.tsx";

/** What a call gave. */
export type Answer<T> =
  | { readonly status: "loading" }
  | { readonly status: "failed"; readonly error: PortError; readonly retry: () => void }
  | { readonly status: "ready"; readonly value: T };

const asPortError = (error: unknown): PortError =>
  error instanceof PortError ? error : new PortError("INTERNAL");

/**
 * Asks the worker, and asks again whenever something changed; the last answer shows meanwhile, and stays when asking
 * again fails.
 *
 * @param options.keep - Whether the answer may be shown again when the page is left and comes back.
 * @param options.isOnce - Never asked again by itself while the page stands.
 */
export function useQuery<M extends Method>(
  method: M,
  input: Input<M>,
  options: { readonly keep?: boolean; readonly isOnce?: boolean } = {},
): Answer<Output<M>> {
  const { port } = useSession();
  const { keep = true, isOnce = false } = options;
  const { data, error, refetch, isFetching } = useQueryAnswer<Output<M>>({
    queryKey: isOnce ? [once, method, input] : [method, input],
    queryFn: () => port.call(method, input),
    ...(keep ? {} : { gcTime: 0 }),
    ...(isOnce && {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    }),
  });
  if (data !== undefined) return { status: "ready", value: data };
  if (error === null || isFetching) return { status: "loading" };
  return { status: "failed", error: asPortError(error), retry: () => void refetch() };
}

/** How a person's mutation stands. */
export type Mutation =
  | { readonly status: "idle" }
  | { readonly status: "busy" }
  | { readonly status: "failed"; readonly error: PortError };

interface Call {
  readonly method: Method;
  readonly input: Input<Method>;
}

/**
 * A mutation of the person, and how it stands; afterwards every list asks again, in every tab.
 *
 * @param options.changes - False for what only fetches.
 */
export function useMutation(options: { readonly changes?: boolean } = {}): {
  readonly mutation: Mutation;
  readonly run: <M extends Method>(
    method: M,
    input: Input<M>,
    then?: (output: Output<M>) => void,
  ) => void;
} {
  const { port, changed } = useSession();
  const { changes = true } = options;
  const { mutateAsync, status, error } = useQueryMutation<unknown, Error, Call>({
    mutationFn: ({ method, input }) => port.call(method, input),
  });
  const run = useCallback(
    <M extends Method>(method: M, input: Input<M>, then?: (output: Output<M>) => void) => {
      mutateAsync({ method, input } as Call).then(
        (output) => {
          then?.(output as Output<M>);
          if (changes) changed();
        },
        // The mutation says how it failed; it may have gone half its way.
        () => (changes ? changed() : undefined),
      );
    },
    [mutateAsync, changed, changes],
  );
  return { mutation: standing(), run };

  function standing(): Mutation {
    if (status === "pending") return { status: "busy" };
    return status === "error"
      ? { status: "failed", error: asPortError(error) }
      : { status: "idle" };
  }
}
