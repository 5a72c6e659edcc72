import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";

let isFirstPage = true;

/**
 * A page with its one first heading. A change of page moves the focus there, so that voices and keyboards start at the
 * top. `name` is what the browser's title says: a page's name, never content.
 */
export function Page(props: {
  readonly title: string;
  readonly name?: string;
  readonly lang?: string | undefined;
  readonly intro?: string;
  readonly children: ReactNode;
}): ReactNode {
  const { title, name = title, lang, intro, children } = props;
  const { t } = useI18n();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = t("app.title", { page: name });
  }, [t, name]);
  useEffect(() => {
    if (!isFirstPage) {
      heading.current?.focus({ preventScroll: true });
      window.scrollTo({ top: 0 });
    }
    isFirstPage = false;
  }, []);
  return (
    <>
      <h1 ref={heading} tabIndex={-1} lang={lang}>
        {title}
      </h1>
      {intro === undefined ? null : <p className="intro">{intro}</p>}
      {children}
    </>
  );
}
