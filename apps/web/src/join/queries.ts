import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { PortError } from "../worker/connectPort.ts";

/** Codes that say: what the screen showed is not how things stand. */
const staleCodes = new Set([
  "ALREADY_CONFIRMED",
  "ALREADY_DISPUTED",
  "DIGEST_NOT_NEWEST",
  "GRANT_EXPIRED",
  "GRANT_NOT_HELD",
  "GRANT_NOT_LIVE",
  "GRANT_REVOKED",
  "GRANT_UNKNOWN",
  "NOT_FOUND",
  "RECORD_UNKNOWN",
  "REQUEST_CLOSED",
]);

/** A list that is shown again within this time is not asked for again by itself. */
const FRESH_MS = 5_000;
const KEPT_MS = 3_600_000;

/**
 * The answers of one person's worker. They go with the person: nothing of them is kept elsewhere.
 *
 * What was shown stays when asking again fails. Lists are asked for again when the window is looked at again, when the
 * connection comes back, and when a call fails with a code that says that they are stale.
 */
export function openQueries(): QueryClient {
  const lookAgain = (error: unknown, failed?: readonly unknown[]): void => {
    if (isStale(error)) void refreshLists(client, failed);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => lookAgain(error, query.queryKey) }),
    mutationCache: new MutationCache({ onError: (error) => lookAgain(error) }),
    defaultOptions: {
      // The members of a chain are asked in turn by the worker; and it may have what no connection is needed for.
      queries: {
        retry: false,
        networkMode: "always",
        refetchOnReconnect: "always",
        staleTime: FRESH_MS,
        gcTime: KEPT_MS,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
  return client;
}

const isStale = (error: unknown): boolean =>
  error instanceof PortError && staleCodes.has(error.code);

/** What is asked for once a visit to its page: a doctor's opening, which is written down each time. */
export const once = "once";

/** Asks again for everything on the screen, and for the rest when it is next shown. @param but - The query left alone. */
export const refreshLists = (client: QueryClient, but?: readonly unknown[]): Promise<void> =>
  client.invalidateQueries({
    predicate: ({ queryKey }) => queryKey !== but && queryKey[0] !== once,
  });

/** Since when what is on the screen may be old: Unix milliseconds; `undefined` while all of it is as last answered. */
export function oldestFailed(client: QueryClient): number | undefined {
  const failed = client
    .getQueryCache()
    .getAll()
    .filter(
      (query) =>
        query.isActive() && query.state.status === "error" && query.state.data !== undefined,
    );
  return failed.length === 0
    ? undefined
    : Math.min(...failed.map(({ state }) => state.dataUpdatedAt));
}

/** Whether something that the screen asked for did not come. */
export const hasFailed = (client: QueryClient): boolean =>
  client
    .getQueryCache()
    .getAll()
    .some(
      (query) => query.isActive() && query.state.status === "error" && query.queryKey[0] !== once,
    );

/** When the oldest answer on the screen came, Unix milliseconds. */
export function oldestShown(client: QueryClient): number | undefined {
  const shown = client
    .getQueryCache()
    .getAll()
    .filter((query) => query.isActive() && query.state.data !== undefined);
  return shown.length === 0
    ? undefined
    : Math.min(...shown.map(({ state }) => state.dataUpdatedAt));
}
