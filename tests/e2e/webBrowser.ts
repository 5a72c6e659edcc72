/** Drives the portal in the system's Chromium. */
import assert from "node:assert/strict";
import process from "node:process";
import type { TestContext } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { findChromium } from "../../tools/chromium.mjs";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A browser with a profile of its own. Without a Chromium the test counts as left out, never as passed, or fails where
 * `REQUIRE_ENGINES=1` says that it must be there.
 */
export async function launchChromium(t: TestContext): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    assert.notEqual(process.env["REQUIRE_ENGINES"], "1", "Chromium is missing and required");
    t.skip("CHROMIUM IS MISSING: the portal was not tested in a browser");
    return undefined;
  }
  const browser = await chromium.launch({ executablePath, headless: true, args: flags });
  t.after(() => browser.close());
  return browser;
}

export const phone = { width: 390, height: 844 };
export const desk = { width: 1280, height: 900 };

/** What a page said that nobody should see: errors, refusals of the content policy, failed scripts. */
export function listenForFaults(context: BrowserContext): string[] {
  const faults: string[] = [];
  context.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  context.on("weberror", (error) => faults.push(error.error().message));
  return faults;
}

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Fails with axe's findings, each with where it is. */
export async function checkAccessibility(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze();
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help} at ${nodes.map(({ html }) => html).join(" | ")}`,
  );
  assert.deepEqual(found, [], name);
}

/** One first heading, the landmarks, the language, and nothing wider than the window. */
export async function checkStructure(page: Page, name: string, lang: string): Promise<void> {
  const found = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    h1: document.querySelectorAll("h1").length,
    main: document.querySelectorAll("main").length,
    header: document.querySelectorAll("header").length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    small: [...document.querySelectorAll("a[href], button, select, input, summary")]
      .map((element) => {
        const target = element.closest("label, .mantine-Checkbox-body, .mantine-Radio-body");
        const box = (target ?? element).getBoundingClientRect();
        return { text: element.textContent ?? "", width: box.width, height: box.height, element };
      })
      .filter(
        ({ element, width, height }) =>
          width > 1 && height < 43.5 && !element.matches(".skip, .narrative a"),
      )
      .map(({ text, height }) => `${text.slice(0, 40)} (${height})`),
  }));
  assert.deepEqual(found, { lang, h1: 1, main: 1, header: 1, overflow: 0, small: [] }, name);
}

/** Keeps a picture where `PORTAL_PICTURES` names a folder. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env["PORTAL_PICTURES"];
  if (folder === undefined || folder === "") return;
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
