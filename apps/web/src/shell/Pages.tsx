import type { ReactNode } from "react";
import { AccessLogPage } from "../accessLog/AccessLogPage.tsx";
import { AskPage } from "../doctor/AskPage.tsx";
import { ReadablePage } from "../doctor/ReadablePage.tsx";
import { WrittenPage } from "../doctor/WrittenPage.tsx";
import { HelpPage } from "../help/HelpPage.tsx";
import { OwnHistoryPage, PatientHistoryPage } from "../history/HistoryPage.tsx";
import { useI18n } from "../i18n/I18n.tsx";
import { RecordPage } from "../record/RecordPage.tsx";
import { RequestsPage } from "../requests/RequestsPage.tsx";
import { SharingPage } from "../sharing/SharingPage.tsx";
import { TimelinePage } from "../timeline/TimelinePage.tsx";
import { Page } from "../views/Page.tsx";
import { NotFoundPage } from "../views/Panels.tsx";
import type { Route } from "./route.ts";

/** The page of a route for a role. What belongs to the other role is not there. */
export function Pages(props: { readonly route: Route; readonly role: string }): ReactNode {
  const { route, role } = props;
  if (route.page === "help") return <HelpPage />;
  return role === "patient" ? <PatientPages route={route} /> : <DoctorPages route={route} />;
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
