import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { useSession } from "../join/SessionProvider.tsx";

/** The live region: what just happened, else how the connection stands. */
export function SyncStatus(): ReactNode {
  const { t } = useI18n();
  const { sync, announcement, person } = useSession();
  const isOnline = useOnline();
  return (
    <output className={announcement === "" ? "sync" : "sync sync-news"}>{statusText()}</output>
  );

  function statusText(): string {
    if (!isOnline) return t("app.offline");
    if (announcement !== "") return announcement;
    if (sync === "live") return t(person.role === "patient" ? "sync.live" : "sync.liveDoctor");
    return t(`sync.${sync}`);
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
