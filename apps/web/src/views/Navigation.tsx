import { createContext, useContext } from "react";
import type { MouseEvent, ReactNode } from "react";
import { pathOf } from "../shell/route.ts";
import type { Route } from "../shell/route.ts";

export interface Navigation {
  readonly route: Route;
  readonly go: (route: Route) => void;
}

export const NavigationContext = createContext<Navigation | undefined>(undefined);

export function useNavigation(): Navigation {
  const found = useContext(NavigationContext);
  if (found === undefined) throw new Error("useNavigation() wants a NavigationContext around");
  return found;
}

/** A link to another page: a real address, so that it opens in a new tab too. */
export function PageLink(props: {
  readonly to: Route;
  readonly children: ReactNode;
  readonly className?: string;
  readonly current?: boolean;
  readonly label?: string;
  readonly describedBy?: string;
}): ReactNode {
  const { to, children, className, current, label, describedBy } = props;
  const { go } = useNavigation();
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    go(to);
  };
  return (
    <a
      href={`${pathOf(to)}${location.search}`}
      onClick={follow}
      className={className}
      aria-current={current === true ? "page" : undefined}
      aria-label={label}
      aria-describedby={describedBy}
    >
      {children}
    </a>
  );
}
