import { lazy, Suspense } from "react";
import type { ReactNode } from "react";
import { HelpPage } from "../help/HelpPage.tsx";
import { useI18n } from "../i18n/I18n.tsx";
import { TimelinePage } from "../timeline/TimelinePage.tsx";
import { Page } from "../views/Page.tsx";
import { LoadingPanel, NotFoundPage } from "../views/Panels.tsx";
import type { Route } from "./route.ts";

/** What a first page does not need comes when it is asked for. */
const AccessLogPage = lazy(async () => ({
  default: (await import("../accessLog/AccessLogPage.tsx")).AccessLogPage,
}));
const OwnHistoryPage = lazy(async () => ({
  default: (await import("../history/HistoryPage.tsx")).OwnHistoryPage,
}));
const PatientHistoryPage = lazy(async () => ({
  default: (await import("../history/HistoryPage.tsx")).PatientHistoryPage,
}));
const RecordPage = lazy(async () => ({
  default: (await import("../record/RecordPage.tsx")).RecordPage,
}));
const RequestsPage = lazy(async () => ({
  default: (await import("../requests/RequestsPage.tsx")).RequestsPage,
}));
const SharingPage = lazy(async () => ({
  default: (await import("../sharing/SharingPage.tsx")).SharingPage,
}));
const ReadablePage = lazy(async () => ({
  default: (await import("../doctor/ReadablePage.tsx")).ReadablePage,
}));
const AskPage = lazy(async () => ({ default: (await import("../doctor/AskPage.tsx")).AskPage }));
const WrittenPage = lazy(async () => ({
  default: (await import("../doctor/WrittenPage.tsx")).WrittenPage,
}));

/** The page of a route for a role. What belongs to the other role is not there. */
export function Pages(props: { readonly route: Route; readonly role: string }): ReactNode {
  const { route, role } = props;
  if (route.page === "help") return <HelpPage />;
  return (
    <Suspense fallback={<Coming />}>
      {role === "patient" ? <PatientPages route={route} /> : <DoctorPages route={route} />}
    </Suspense>
  );
}

function Coming(): ReactNode {
  const { t } = useI18n();
  const label = t("app.loading").replace("…", "");
  return (
    <>
      <h1 className="visually-hidden">{label}</h1>
      <LoadingPanel label={label} />
    </>
  );
}

function PatientPages({ route }: { readonly route: Route }): ReactNode {
  switch (route.page) {
    case "home":
      return <TimelinePage />;
    case "record":
      return <RecordPage key={route.id} id={route.id} reader="patient" />;
    case "requests":
      return <RequestsPage chosen={route.id} />;
    case "sharing":
      return <SharingPage chosen={route.gid} />;
    case "history":
      return route.patient === undefined ? <OwnHistoryPage /> : <Unknown />;
    case "log":
      return <AccessLogPage />;
    default:
      return <Unknown />;
  }
}

function DoctorPages({ route }: { readonly route: Route }): ReactNode {
  switch (route.page) {
    case "home":
      return <ReadablePage />;
    case "record":
      return <RecordPage key={route.id} id={route.id} reader="doctor" />;
    case "history":
      return route.patient === undefined ? (
        <Unknown />
      ) : (
        <PatientHistoryPage key={route.patient} patient={route.patient} />
      );
    case "ask":
      return <AskPage />;
    case "written":
      return <WrittenPage />;
    default:
      return <Unknown />;
  }
}

function Unknown(): ReactNode {
  const { t } = useI18n();
  return (
    <Page title={t("app.notFound")}>
      <NotFoundPage />
    </Page>
  );
}
