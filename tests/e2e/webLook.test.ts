/** How pages look and read: dark, in large text, in the language that was chosen; and where the focus goes. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Page } from "playwright-core";
import { checkAccessibility, launchChromium, takePicture } from "./webBrowser.ts";
import { openScripted, script, show } from "./webPortal.ts";
import { failingAnswers, fullAnswers, scriptedRecord } from "./webScript.ts";

const pages = ["/", `/records/${scriptedRecord}`, "/requests", "/sharing", "/log", "/help"];
const nameOf = (path: string): string => path.split("/")[1] || "home";

test("every page of a patient is legible in the dark, and the switch turns it", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const options = { answers: fullAnswers, person: "zhang-wei", colorScheme: "dark" } as const;
  const { page, context } = await openScripted(browser, options);
  for (const path of pages) {
    await show(page, `${path}?lang=en`);
    await checkAccessibility(page, `dark ${path}`);
    await takePicture(page, `dark-${nameOf(path)}-en-390`);
  }
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole("button", { name: "Light colours" }).click();
  await page.getByRole("button", { name: "Dark colours" }).waitFor();
  assert.notEqual(await ground(), dark);
  await page.reload();
  await page.getByRole("button", { name: "Dark colours" }).waitFor();
  await context.close();
});

test("with text of twice the size nothing is cut off on a phone, and the menu works", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  for (const person of ["zhang-wei", "dr-li"]) {
    const { page, context } = await openScripted(browser, { answers: fullAnswers, person });
    const paths = person === "dr-li" ? ["/", "/ask", "/written"] : pages;
    for (const lang of ["en", "zh"]) {
      for (const path of paths) {
        await show(page, `${path}?lang=${lang}`);
        await page.addStyleTag({ content: "html { font-size: 200% }" });
        assert.deepEqual(await cutOff(page), [], `${person} ${path} ${lang}`);
        await takePicture(page, `large-${person}-${nameOf(path)}-${lang}-390`);
      }
      for (const link of await page.locator("nav.menu a").all()) {
        await link.click();
        assert.equal(await link.getAttribute("aria-current"), "page");
      }
    }
    await context.close();
  }
});

/** What is wider than the window or than the box that cuts it, and a menu that takes half of the window. */
const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")]
      .filter((element) => {
        const box = element.getBoundingClientRect();
        const isCut =
          getComputedStyle(element).overflowX === "hidden" &&
          element.scrollWidth > element.clientWidth + 1;
        return (
          !element.matches(".visually-hidden, .visually-hidden *, option, .narrative *") &&
          box.width > 1 &&
          (box.right > width + 1 || box.left < -1 || isCut)
        );
      })
      .map((element) => `${element.tagName} ${element.className.toString()}`);
    const menu = document.querySelector("nav.menu")?.getBoundingClientRect().height ?? 0;
    return menu > innerHeight / 2 ? [...wide, `menu of ${menu}`] : wide;
  });

/** Words that only builders of the system know, in both languages. */
const builders =
  /\b(?:UTC|GMT|logs?|proofs?|sealed|servers?|prox(?:y|ies)|hash|keys?|chain|[A-Z]{3,}_[A-Z_]+)\b|日志|证明|密封|服务器|代理|密钥|哈希|区块/;

test("a patient's screens say nothing that only builders know, in either language", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  for (const answers of [fullAnswers, failingAnswers]) {
    const { page, context } = await openScripted(browser, { answers, person: "zhang-wei" });
    for (const lang of ["en", "zh"]) {
      for (const path of pages) {
        await show(page, `${path}?lang=${lang}`);
        const said = await page.locator("body").innerText();
        assert.doesNotMatch(said, builders, `${path} ${lang}`);
        assert.doesNotMatch(said, /\b(?:dr|zhang|anna)-\w+|general-hospital|city-hospital/, path);
        if (lang === "zh")
          assert.doesNotMatch(said, /\b(?:final|active|ambulatory|Clinic visit)\b/);
      }
    }
    await context.close();
  }
});

test("after each act the focus is where its result is said", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const focused = (page: Page): Promise<string> =>
    page.evaluate(() => document.activeElement?.textContent ?? "");
  type Fields = Readonly<Record<string, unknown>>;
  const { page, context } = await openScripted(browser, {
    answers: fullAnswers,
    person: "zhang-wei",
  });
  const requests = fullAnswers["patient.requests"] as readonly Fields[];
  const grants = fullAnswers["patient.grants"] as readonly Fields[];
  const shown = fullAnswers["patient.record"] as Fields & { readonly version: Fields };

  await show(page, "/requests?lang=en");
  await script(page, {
    answers: {
      "patient.refuse": null,
      "patient.requests": requests.map((one) => ({ ...one, state: "refused" })),
    },
  });
  const asked = page.locator("article", { hasText: "To prepare our next consultation" });
  await asked.getByRole("button", { name: "Refuse" }).click();
  await page.getByText("Refused. Nothing was shared.").waitFor();
  await asked.getByText("Refused", { exact: true }).first().waitFor();
  assert.match(await focused(page), /Dr Sun .* asks to read/);

  await show(page, "/sharing?lang=en");
  const stopped = grants.map((one) => ({ ...one, status: "revoked" }));
  await script(page, { answers: { "patient.revoke": stopped[0], "patient.grants": stopped } });
  await page.getByRole("button", { name: "Stop sharing with Dr Li" }).first().click();
  await page.getByRole("button", { name: "Yes, stop now" }).click();
  await page.getByText("cannot open your records any more").waitFor();
  await page.getByText("Nobody can read your records now").waitFor();
  assert.match(await focused(page), /^Dr Li/);

  await show(page, `/records/${scriptedRecord}?lang=en`);
  await page.getByRole("button", { name: "Something is wrong" }).click();
  assert.equal(await focused(page), "What is wrong?");
  await page.getByRole("button", { name: "Cancel" }).click();
  await script(page, {
    answers: {
      "patient.confirm": { isProven: true },
      "patient.record": { ...shown, version: { ...shown.version, state: "confirmed" } },
    },
  });
  await page.getByRole("button", { name: "Yes, confirm" }).click();
  await page.locator(".signed", { hasText: "Confirmed by you" }).waitFor();
  assert.match(await focused(page), /^Confirmed by you/);
  await context.close();
});
