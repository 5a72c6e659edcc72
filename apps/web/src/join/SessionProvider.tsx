import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { PortError } from "../worker/connectPort.ts";
import type { Port } from "../worker/connectPort.ts";
import type { EnteredPerson, Input, Method, Output } from "../worker/port.ts";

/** How the person's mailboxes stand: the live region says it. */
export type SyncState = "starting" | "live" | "waiting";

interface SessionValue {
  readonly port: Port;
  readonly person: EnteredPerson;
  readonly sync: SyncState;
  /** Grows when something changed: every list asks again. */
  readonly revision: number;
  readonly changed: () => void;
  /** Says a sentence in the live region and shows it for a while. */
  readonly announce: (sentence: string) => void;
  readonly announcement: string;
  /** Last answers of lists, so that a page that was left shows at once when it comes back. */
  readonly answers: Map<string, unknown>;
}

const SessionContext = createContext<SessionValue | undefined>(undefined);

export function useSession(): SessionValue {
  const found = useContext(SessionContext);
  if (found === undefined) throw new Error("useSession() wants an entered person around");
  return found;
}

export function SessionProvider(props: {
  readonly port: Port;
  readonly person: EnteredPerson;
  readonly children: ReactNode;
}): ReactNode {
  const { port, person, children } = props;
  const { t } = useI18n();
  const [sync, setSync] = useState<SyncState>("starting");
  const [revision, setRevision] = useState(0);
  const [announcement, announce] = useState("");
  const changed = useCallback(() => setRevision((before) => before + 1), []);

  useEffect(
    () =>
      port.subscribe((event) => {
        if (event.what === "listening") setSync("live");
        else if (event.what === "waiting") setSync("waiting");
        else {
          if (event.news !== "details") {
            setSync("live");
            announce(t(event.news === "other" ? "sync.changed" : `sync.${event.news}`));
          }
          changed();
        }
      }),
    [port, changed, t],
  );
  useEffect(() => {
    if (announcement === "") return undefined;
    const timer = setTimeout(() => announce(""), 12_000);
    return () => clearTimeout(timer);
  }, [announcement]);

  const answers = useMemo(() => new Map<string, unknown>(), []);
  const value = useMemo(
    () => ({ port, person, sync, revision, changed, announce, announcement, answers }),
    [port, person, sync, revision, changed, announcement, answers],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}

/** What a call gave. */
export type Answer<T> =
  | { readonly status: "loading" }
  | { readonly status: "failed"; readonly error: PortError; readonly retry: () => void }
  | { readonly status: "ready"; readonly value: T };

type Got<T> =
  | { readonly name: string; readonly value: T }
  | { readonly name: string; readonly error: PortError };

/**
 * Asks the worker, and asks again whenever something changed; the last answer shows meanwhile.
 *
 * @param options.keep - Whether the answer may be shown again when the page is left and comes back.
 */
export function useQuery<M extends Method>(
  method: M,
  input: Input<M>,
  options: { readonly keep?: boolean; readonly once?: boolean } = {},
): Answer<Output<M>> {
  const { port, revision, answers } = useSession();
  const { keep = true, once = false } = options;
  const [attempt, setAttempt] = useState(0);
  const [got, setGot] = useState<Got<Output<M>>>();
  const name = `${method} ${JSON.stringify(input)}`;
  const seen = once ? 0 : revision;

  useEffect(() => {
    let isWanted = true;
    port.call(method, input).then(
      (value) => {
        if (keep) answers.set(name, value);
        if (isWanted) setGot({ name, value });
      },
      (error: unknown) => {
        const known = error instanceof PortError ? error : new PortError("INTERNAL");
        if (isWanted) setGot({ name, error: known });
      },
    );
    return () => {
      isWanted = false;
    };
    // `name` stands for method and input.
  }, [port, name, seen, attempt]); // eslint-disable-line

  if (got !== undefined && got.name === name) {
    if ("value" in got) return { status: "ready", value: got.value };
    const retry = (): void => {
      setGot(undefined);
      setAttempt(attempt + 1);
    };
    return { status: "failed", error: got.error, retry };
  }
  const kept = keep ? answers.get(name) : undefined;
  return kept === undefined ? { status: "loading" } : { status: "ready", value: kept as Output<M> };
}

/** How a person's mutation stands. */
export type Mutation =
  | { readonly status: "idle" }
  | { readonly status: "busy" }
  | { readonly status: "failed"; readonly error: PortError };

/**
 * A mutation of the person, and how it stands; afterwards every list asks again.
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
  const [mutation, setMutation] = useState<Mutation>({ status: "idle" });
  const run = useCallback(
    <M extends Method>(method: M, input: Input<M>, then?: (output: Output<M>) => void) => {
      setMutation({ status: "busy" });
      port.call(method, input).then(
        (output) => {
          setMutation({ status: "idle" });
          then?.(output);
          if (changes) changed();
        },
        (error: unknown) => {
          const known = error instanceof PortError ? error : new PortError("INTERNAL");
          setMutation({ status: "failed", error: known });
        },
      );
    },
    [port, changed, changes],
  );
  return { mutation, run };
}
