/** A person's browser profile on the living portal, and what people do in it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import {
  checkAccessibility,
  checkStructure,
  desk,
  listenForFaults,
  phone,
  takePicture,
} from "./webBrowser.ts";
import { recordTraffic } from "./webTraffic.ts";
import type { Traffic } from "./webTraffic.ts";

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly traffic: Traffic;
  readonly faults: readonly string[];
}

/** How long a deed on the chains may take on a busy machine. */
const patience = { timeout: 45_000 };

/** A tab of its own browser profile, on the first page. */
export async function openTab(browser: Browser, portal: string, lang: "en" | "zh"): Promise<Tab> {
  const context = await browser.newContext({
    viewport: phone,
    reducedMotion: "reduce",
    acceptDownloads: true,
  });
  context.setDefaultTimeout(patience.timeout);
  const faults = listenForFaults(context);
  const traffic = recordTraffic(context, new URL(portal).origin);
  const page = await context.newPage();
  await page.goto(`${portal}?lang=${lang}`);
  return { page, context, traffic, faults };
}

export const h1 = (page: Page, name: string): Locator =>
  page.getByRole("heading", { level: 1, name });

export async function enter(page: Page, person: string): Promise<void> {
  await page.locator("button.person", { hasText: person }).click();
  await page.locator("nav.menu").waitFor();
}

export async function follow(page: Page, link: string | RegExp): Promise<void> {
  await page.locator("nav.menu").getByRole("link", { name: link }).click();
  await page.waitForFunction(() => document.querySelector(".panel-loading") === null);
}

export async function look(page: Page, name: string, lang: string): Promise<void> {
  await checkStructure(page, name, lang);
  await checkAccessibility(page, name);
  await takePicture(page, `live-${name}-${lang}-390`);
  await page.setViewportSize(desk);
  await takePicture(page, `live-${name}-${lang}-1280`);
  await page.setViewportSize(phone);
}

/** Refusals of the content policy and failed scripts; a device that has no such item yet is no fault. */
export const realFaults = (faults: readonly string[]): string[] =>
  faults.filter((fault) => !/status of 40[134]/.test(fault));

export async function download(page: Page, button: string): Promise<Buffer> {
  const started = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  return readFile(await (await started).path());
}

/** The log is asked again when the page is: proxies tell which records were opened a moment later. */
export async function reloadUntil(page: Page, wanted: Locator): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    await page.waitForFunction(() => document.querySelector(".panel-loading") === null);
    if ((await wanted.count()) > 0) return;
    await page.reload();
  }
  assert.fail("The log never showed the entry");
}

export const focusedText = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.textContent ?? "");

/** Tabs to the element whose text holds `text`, sees that its focus shows, and presses Enter. */
export async function press(page: Page, text: string): Promise<void> {
  for (let step = 0; step < 120; step++) {
    const found = await page.evaluate((wanted) => {
      const focused = document.activeElement;
      if (!focused?.matches("a, button, summary")) return undefined;
      if (!(focused.textContent ?? "").includes(wanted)) return undefined;
      const { outlineStyle, outlineWidth } = getComputedStyle(focused);
      const box = focused.getBoundingClientRect();
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return {
        outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
        visible: top !== null && (focused.contains(top) || top.contains(focused)),
      };
    }, text);
    if (found !== undefined) {
      assert.deepEqual(found, { outlined: true, visible: true }, text);
      await page.keyboard.press("Enter");
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`No Tab leads to "${text}"`);
}
