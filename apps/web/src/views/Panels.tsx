import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import type { PortError } from "../worker/connectPort.ts";
import { faultOf } from "./fault.ts";
import { PageLink } from "./Navigation.tsx";
import { usePlace } from "./usePlace.ts";

export function LoadingPanel({ label }: { readonly label: string }): ReactNode {
  return (
    <div className="panel-loading">
      <output>{label}…</output>
      <div aria-hidden="true">
        <Skeleton height={76} radius="md" mb="sm" />
        <Skeleton height={76} radius="md" mb="sm" />
        <Skeleton height={76} radius="md" />
      </div>
    </div>
  );
}

export function EmptyPanel(props: {
  readonly title: string;
  readonly text?: string;
  readonly children?: ReactNode;
}): ReactNode {
  const { title, text, children } = props;
  return (
    <div className="panel-empty">
      <p className="panel-title">{title}</p>
      {text === undefined ? null : <p>{text}</p>}
      {children}
    </div>
  );
}

/** A failure in words, and a way on. Its code stands in the page for whoever helps, and is not shown. */
export function ErrorPanel(props: {
  readonly error: PortError;
  readonly onRetry?: () => void;
}): ReactNode {
  const { error, onRetry } = props;
  const { t, list } = useI18n();
  const place = usePlace();
  return (
    <div role="alert" className="panel-error" data-code={error.code}>
      <p className="panel-title">{t("error.title")}</p>
      <p>{t(faultOf(error.code))}</p>
      {error.away.length === 0 ? null : (
        <p>{t("error.away", { who: list(error.away.map(place)) })}</p>
      )}
      {onRetry === undefined ? null : (
        <Button onClick={onRetry} variant="default">
          {t("app.retry")}
        </Button>
      )}
    </div>
  );
}

export function NotFoundPage(): ReactNode {
  const { t } = useI18n();
  return (
    <EmptyPanel title={t("app.notFoundText")}>
      <PageLink to={{ page: "home" }} className="link-button">
        {t("app.home")}
      </PageLink>
    </EmptyPanel>
  );
}
