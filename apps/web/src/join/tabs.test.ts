import assert from "node:assert/strict";
import test from "node:test";
import type { PortEvent } from "../worker/port.ts";
import { joinTabs } from "./tabs.ts";
import type { TabChannel, TabMessage } from "./tabs.ts";

/** Channels of one name: what one posts, all others get. */
function tabsOf(): () => TabChannel {
  const listeners = new Map<TabChannel, ((event: { readonly data: TabMessage }) => void)[]>();
  return () => {
    const channel: TabChannel = {
      postMessage: (data) => {
        for (const [other, heard] of listeners)
          if (other !== channel) for (const listener of heard) listener({ data });
      },
      addEventListener: (_type, listener) => void listeners.get(channel)?.push(listener),
      close: () => void listeners.delete(channel),
    };
    listeners.set(channel, []);
    return channel;
  };
}

test("joinTabs() tells the others what changed, and itself nothing", () => {
  const open = tabsOf();
  const [heard, own]: [PortEvent[], PortEvent[]] = [[], []];
  joinTabs(open(), (event) => heard.push(event));
  const acting = joinTabs(open(), (event) => own.push(event));
  acting.tell({ what: "changed", news: "other" });
  assert.deepEqual([heard, own], [[{ what: "changed", news: "other" }], []]);
});

test("joinTabs() learns how the connection stands from the tab that reads", () => {
  const open = tabsOf();
  const reading = joinTabs(open(), () => undefined);
  reading.tell({ what: "waiting" });
  const heard: PortEvent[] = [];
  joinTabs(open(), (event) => heard.push(event));
  assert.deepEqual(heard, [{ what: "waiting" }]);
});

test("joinTabs() hears nothing more after leave()", () => {
  const open = tabsOf();
  const heard: PortEvent[] = [];
  joinTabs(open(), (event) => heard.push(event)).leave();
  joinTabs(open(), () => undefined).tell({ what: "listening" });
  assert.deepEqual(heard, []);
});
