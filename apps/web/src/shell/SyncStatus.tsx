import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { hasFailed, oldestFailed, oldestShown, refreshLists } from "../join/queries.ts";
import { useSession } from "../join/SessionProvider.tsx";

/** The live region: what just happened, else how fresh the page is. */
export function SyncStatus(): ReactNode {
  const { t, time } = useI18n();
  const { sync, announcement, person } = useSession();
  const isOnline = useOnline();
  const queries = useQueryClient();
  const cache = queries.getQueryCache();
  const subscribe = useCallback((told: () => void) => cache.subscribe(told), [cache]);
  const failed = useSyncExternalStore(subscribe, () => oldestFailed(queries));
  const isFailed = useSyncExternalStore(subscribe, () => hasFailed(queries));
  const shown = useSyncExternalStore(subscribe, () => oldestShown(queries));
  const isOld = !isOnline || sync === "waiting" || isFailed;
  return (
    <div className={isOld ? "sync sync-old" : "sync"}>
      <output className={announcement === "" ? undefined : "sync-news"}>{statusText()}</output>
      {failed === undefined || !isOnline ? null : (
        <button type="button" className="text-link" onClick={() => void refreshLists(queries)}>
          {t("app.retry")}
        </button>
      )}
    </div>
  );

  function statusText(): string {
    if (announcement !== "") return announcement;
    const asOf = failed ?? shown;
    const age = asOf === undefined ? "" : ` ${t("sync.asOf", { time: time(asOf) })}`;
    if (!isOnline) return t("app.offline") + age;
    if (sync === "waiting") return t("sync.waiting") + age;
    if (isFailed) return t("sync.failed") + age;
    if (sync === "starting") return t("sync.starting");
    return t(person.role === "patient" ? "sync.live" : "sync.liveDoctor");
  }
}

function useOnline(): boolean {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = (): void => setOnline(navigator.onLine);
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, []);
  return isOnline;
}
