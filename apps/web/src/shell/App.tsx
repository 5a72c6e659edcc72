import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { HelpPage } from "../help/HelpPage.tsx";
import { useI18n } from "../i18n/I18n.tsx";
import { SessionProvider } from "../join/SessionProvider.tsx";
import type { PortalSession, PortalState } from "../join/portalSession.ts";
import { usePeople } from "../join/usePeople.ts";
import { PeoplePage } from "../people/PeoplePage.tsx";
import { NavigationContext, useNavigation } from "../views/Navigation.tsx";
import type { Navigation } from "../views/Navigation.tsx";
import { LoadingPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import { Page } from "../views/Page.tsx";
import { Header } from "./Header.tsx";
import { Menu } from "./Menu.tsx";
import { Pages } from "./Pages.tsx";
import { parseRoute, pathOf } from "./route.ts";
import type { Route } from "./route.ts";
import { SyncStatus } from "./SyncStatus.tsx";

function useBrowserRoute(): Navigation {
  const [route, setRoute] = useState<Route>(() => parseRoute(location.pathname));
  useEffect(() => {
    const look = (): void => setRoute(parseRoute(location.pathname));
    window.addEventListener("popstate", look);
    return () => window.removeEventListener("popstate", look);
  }, []);
  return useMemo(
    () => ({
      route,
      go: (next) => {
        const path = pathOf(next);
        if (path !== location.pathname) history.pushState(null, "", path + location.search);
        setRoute(next);
      },
    }),
    [route],
  );
}

export function App({ session }: { readonly session: PortalSession }): ReactNode {
  const navigation = useBrowserRoute();
  const state = useSyncExternalStore(session.subscribe, session.state);
  const { t } = useI18n();
  const leave = (): void => {
    session.leave();
    navigation.go({ page: "home" });
  };
  return (
    <NavigationContext value={navigation}>
      <a href="#content" className="skip">
        {t("app.skip")}
      </a>
      <Frame state={state} session={session} onLeave={leave} />
    </NavigationContext>
  );
}

function Frame(props: {
  readonly state: PortalState;
  readonly session: PortalSession;
  readonly onLeave: () => void;
}): ReactNode {
  const { state, session, onLeave } = props;
  const { route } = useNavigation();
  if (state.status === "entered")
    return (
      <SessionProvider port={state.port} person={state.person} key={state.person.name}>
        <Header person={state.person} onLeave={onLeave} />
        <Menu />
        <SyncStatus />
        <main id="content" tabIndex={-1}>
          <Pages key={pageName(route)} route={route} role={state.person.role} />
        </main>
      </SessionProvider>
    );
  return (
    <>
      <Header onLeave={onLeave} />
      <main id="content" tabIndex={-1}>
        {route.page === "help" ? (
          <HelpPage />
        ) : (
          <Choosing state={state} onChoose={(name) => void session.enter(name)} />
        )}
      </main>
    </>
  );
}

/** A page is made anew when the route leads to another one. */
const pageName = (route: Route): string => pathOf(route);

function Choosing(props: {
  readonly state: Exclude<PortalState, { status: "entered" }>;
  readonly onChoose: (name: string) => void;
}): ReactNode {
  const { state, onChoose } = props;
  const { t } = useI18n();
  const people = usePeople();
  if (state.status === "entering")
    return (
      <Page key="entering" title={personLabel(state.name)} name={t("app.loading")}>
        <LoadingPanel
          label={t("people.entering", { name: personLabel(state.name) }).replace(/…$/, "")}
        />
      </Page>
    );
  return (
    <PeoplePage
      people={people}
      {...(state.status === "failed" && { failure: state.error })}
      onChoose={onChoose}
    />
  );
}
