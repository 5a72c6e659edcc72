import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import type { PlainTextId } from "../i18n/language.ts";
import { useQuery } from "../join/answers.ts";
import { useSession } from "../join/SessionProvider.tsx";
import { PageLink, useNavigation } from "../views/Navigation.tsx";
import type { Route } from "./route.ts";

interface Item {
  readonly to: Route;
  readonly name: PlainTextId;
}

const patientItems: readonly Item[] = [
  { to: { page: "home" }, name: "nav.records" },
  { to: { page: "requests" }, name: "nav.requests" },
  { to: { page: "sharing" }, name: "nav.sharing" },
  { to: { page: "log" }, name: "nav.log" },
];
const doctorItems: readonly Item[] = [
  { to: { page: "home" }, name: "nav.readable" },
  { to: { page: "ask" }, name: "nav.ask" },
  { to: { page: "written" }, name: "nav.written" },
];

/** The pages of the person's role: below on a phone, above on a desk. */
export function Menu(): ReactNode {
  const { role } = useSession().person;
  return role === "patient" ? <PatientMenu /> : <MenuView items={doctorItems} waiting={0} />;
}

function PatientMenu(): ReactNode {
  const requests = useQuery("patient.requests", null);
  const waiting =
    requests.status === "ready" ? requests.value.filter(({ state }) => state === "open").length : 0;
  return <MenuView items={patientItems} waiting={waiting} />;
}

function MenuView(props: { readonly items: readonly Item[]; readonly waiting: number }): ReactNode {
  const { items, waiting } = props;
  const { t } = useI18n();
  const { route } = useNavigation();
  const isCurrent = ({ page }: Route): boolean =>
    page === route.page || (page === "home" && route.page === "record");
  return (
    <nav className="menu" aria-label={t("app.menu")}>
      <ul>
        {items.map(({ to, name }) => (
          <li key={name}>
            <PageLink to={to} current={isCurrent(to)} className="menu-item">
              {t(name)}
              {to.page === "requests" && waiting > 0 ? (
                <span className="menu-count">
                  <span aria-hidden="true">{waiting}</span>
                  <span className="visually-hidden">{t("nav.waiting", { count: waiting })}</span>
                </span>
              ) : null}
            </PageLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
