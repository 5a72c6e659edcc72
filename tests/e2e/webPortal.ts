/** The portal's bundle with a scripted worker in a browser: tabs, and how its answers change while they stand. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { listenForFaults, phone } from "./webBrowser.ts";
import { scriptedOrigin, serveScripted } from "./webScript.ts";
import type { Answers } from "./webScript.ts";

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly faults: readonly string[];
}

/** A tab in which a person has entered already. */
export async function openScripted(
  browser: Browser,
  options: {
    readonly answers: Answers;
    readonly person?: string;
    readonly width?: number;
    readonly colorScheme?: "light" | "dark";
  },
): Promise<Opened> {
  const viewport = options.width === undefined ? phone : { ...phone, width: options.width };
  const context = await browser.newContext({
    viewport,
    reducedMotion: "reduce",
    colorScheme: options.colorScheme ?? "light",
  });
  context.setDefaultTimeout(15_000);
  const faults = listenForFaults(context);
  await serveScripted(context, options.answers);
  const { person } = options;
  if (person !== undefined)
    await context.addInitScript((name) => {
      if (location.origin.startsWith("http")) sessionStorage.setItem("anamnesis.person", name);
    }, person);
  return { page: await context.newPage(), context, faults };
}

/** Until the page of the person stands, with its lists. */
export async function show(page: Page, path: string): Promise<void> {
  await page.goto(`${scriptedOrigin}${path}`);
  await page.locator("h1").waitFor();
  await page.waitForFunction(() => document.querySelector(".panel-loading") === null);
}

/** Changes what the workers of this page's origin answer, or lets them tell something. */
export const script = (
  page: Page,
  change: { readonly answers?: Answers; readonly event?: object },
): Promise<void> =>
  page.evaluate((data) => {
    const channel = new BroadcastChannel("script");
    channel.postMessage(data);
    channel.close();
  }, change);
