import { QueryClientProvider } from "@tanstack/react-query";
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import type { Port } from "../worker/connectPort.ts";
import type { EnteredPerson, PortEvent } from "../worker/port.ts";
import { openQueries, refreshLists } from "./queries.ts";
import { joinTabs } from "./tabs.ts";

/** How the person's mailboxes stand: the live region says it. */
export type SyncState = "starting" | "live" | "waiting";

interface SessionValue {
  readonly port: Port;
  readonly person: EnteredPerson;
  readonly sync: SyncState;
  /** Something changed by this person's act: every list asks again, in every tab. */
  readonly changed: () => void;
  /** Says a sentence in the live region and shows it for a while. */
  readonly announce: (sentence: string) => void;
  readonly announcement: string;
}

/** Also read where nobody has to have entered. */
export const SessionContext = createContext<SessionValue | undefined>(undefined);

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
  const [announcement, announce] = useState("");
  const queries = useMemo(() => openQueries(), []);
  const tell = useRef<(event: PortEvent) => void>(undefined);

  useEffect(() => {
    const hear = (event: PortEvent): void => {
      if (event.what === "listening") setSync("live");
      else if (event.what === "waiting") setSync("waiting");
      else {
        if (event.news === "asked" || event.news === "noticed" || event.news === "other") {
          setSync("live");
          announce(t(event.news === "other" ? "sync.changed" : `sync.${event.news}`));
        }
        void refreshLists(queries);
      }
    };
    // Names of people stay within this browser's tabs.
    const tabs = joinTabs(new BroadcastChannel(`anamnesis ${person.name}`), hear);
    tell.current = tabs.tell;
    const end = port.subscribe((event) => {
      hear(event);
      tabs.tell(event);
    });
    return () => {
      end();
      tabs.leave();
    };
  }, [port, person, queries, t]);
  useEffect(() => {
    if (announcement === "") return undefined;
    const timer = setTimeout(() => announce(""), 12_000);
    return () => clearTimeout(timer);
  }, [announcement]);

  const changed = useCallback(() => {
    void refreshLists(queries);
    tell.current?.({ what: "changed", news: "own" });
  }, [queries]);
  const value = useMemo(
    () => ({ port, person, sync, changed, announce, announcement }),
    [port, person, sync, changed, announcement],
  );
  return (
    <QueryClientProvider client={queries}>
      <SessionContext value={value}>{children}</SessionContext>
    </QueryClientProvider>
  );
}
