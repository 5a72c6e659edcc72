import type { PortEvent } from "../worker/port.ts";

/** What tabs of one person tell each other: that something changed, how the connection stands, and the question for it. */
export type TabMessage = PortEvent | { readonly what: "ask" };

/** What a `BroadcastChannel` is. */
export interface TabChannel {
  postMessage(message: TabMessage): void;
  addEventListener(type: "message", listener: (event: { readonly data: TabMessage }) => void): void;
  close(): void;
}

/**
 * Joins the tabs of one person. One of them reads the mailboxes; what it hears, and what a person does in any tab,
 * reaches all of them, so that none shows what is old as up to date.
 *
 * @param hear - Told what another tab heard or did.
 */
export function joinTabs(
  channel: TabChannel,
  hear: (event: PortEvent) => void,
): { readonly tell: (event: PortEvent) => void; readonly leave: () => void } {
  /** How the connection stands, where this tab is the one that reads. */
  let own: PortEvent | undefined;
  channel.addEventListener("message", ({ data }) => {
    if (data.what !== "ask") return hear(data);
    if (own !== undefined) channel.postMessage(own);
  });
  channel.postMessage({ what: "ask" });
  return {
    tell: (event) => {
      if (event.what !== "changed") own = event;
      channel.postMessage(event);
    },
    leave: () => channel.close(),
  };
}
