/** What is on the screen is as last answered, or says of when it is. */
import assert from "node:assert/strict";
import test from "node:test";
import { launchChromium } from "./webBrowser.ts";
import { openScripted, script, show } from "./webPortal.ts";
import { fullAnswers, scriptedRecord } from "./webScript.ts";

type Listed = Readonly<Record<string, unknown>> & { readonly id: string; readonly state: string };
const requests = fullAnswers["patient.requests"] as readonly Listed[];
const records = fullAnswers["patient.records"] as readonly Listed[];
const away = { failure: "UNAVAILABLE", away: ["city-hospital"] };

test("lists stay when asking again fails, say of when they are, and are asked for again", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;

  await t.test("a refetch that fails keeps the list and says its time", async () => {
    const { page, context } = await openScripted(browser, {
      answers: fullAnswers,
      person: "zhang-wei",
    });
    await show(page, "/?lang=en");
    const items = page.locator(".record-item");
    const count = await items.count();
    assert.ok(count > 0);
    await script(page, {
      answers: { "patient.records": away },
      event: { what: "changed", news: "details" },
    });
    await page.getByText(/You see how it was at \d\d:\d\d\./).waitFor();
    assert.equal(await items.count(), count);
    assert.equal(await page.getByText("Up to date").count(), 0);
    await script(page, { answers: { "patient.records": records.slice(0, 2) } });
    await page.locator(".sync").getByRole("button", { name: "Try again" }).click();
    await page.getByText("Up to date").waitFor();
    assert.equal(await items.count(), 2);
    await context.close();
  });

  await t.test("what says that the page is old has it asked for again", async () => {
    const { page, context } = await openScripted(browser, {
      answers: fullAnswers,
      person: "zhang-wei",
    });
    await show(page, "/requests?lang=en");
    const open = page.getByRole("button", { name: "Approve" });
    const before = await open.count();
    await script(page, {
      answers: {
        "patient.requests": requests.map((one) => ({ ...one, state: "refused" })),
        "patient.approve": { failure: "REQUEST_CLOSED" },
      },
    });
    assert.ok(before > 0);
    await open.first().click();
    await page.getByText("Nothing waits for you.").waitFor();
    await context.close();
  });

  await t.test("offline says so; back online asks again", async () => {
    const { page, context } = await openScripted(browser, {
      answers: fullAnswers,
      person: "zhang-wei",
    });
    await show(page, "/?lang=en");
    await context.setOffline(true);
    await page.getByText(/You are offline.* You see how it was at \d\d:\d\d\./).waitFor();
    await script(page, { answers: { "patient.records": records.slice(0, 1) } });
    await context.setOffline(false);
    await page.waitForFunction(() => document.querySelectorAll(".record-item").length === 1);
    await context.close();
  });

  await t.test(
    "a second tab hears of the first one's acts, and how the connection stands",
    async () => {
      const { page, context } = await openScripted(browser, {
        answers: fullAnswers,
        person: "zhang-wei",
      });
      await show(page, "/requests?lang=en");
      const second = await context.newPage();
      await show(second, "/requests?lang=en");
      const closed = requests.map((one) => ({ ...one, state: "refused" }));
      await script(page, { answers: { "patient.requests": closed, "patient.refuse": null } });
      await page.getByRole("button", { name: "Refuse" }).first().click();
      for (const tab of [page, second]) await tab.getByText("Nothing waits for you.").waitFor();
      await context.close();
    },
  );

  await t.test(
    "a filter stands again after a reload and on the way back, and not in the address",
    async () => {
      const { page, context } = await openScripted(browser, {
        answers: fullAnswers,
        person: "zhang-wei",
      });
      await show(page, "/?lang=en");
      await page.getByLabel("Mark").selectOption("unconfirmed");
      const count = await page.locator(".record-item").count();
      assert.ok(count < records.length);
      await page.locator(".record-item a").first().click();
      await page.getByRole("button", { name: "Something is wrong" }).waitFor();
      await page.goBack();
      await page.locator(".record-item").first().waitFor();
      assert.equal(await page.locator(".record-item").count(), count);
      await page.reload();
      await page.locator(".record-item").first().waitFor();
      assert.equal(await page.locator(".record-item").count(), count);
      assert.equal(new URL(page.url()).search, "?lang=en");
      await context.close();
    },
  );

  await t.test("a doctor's opening is not repeated by what changes", async () => {
    const { page, context } = await openScripted(browser, {
      answers: fullAnswers,
      person: "dr-li",
    });
    await show(page, `/records/${scriptedRecord}?lang=en`);
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      new BroadcastChannel("asked").addEventListener("message", ({ data }) =>
        heard.push((data as { method: string }).method),
      );
    });
    await script(page, { event: { what: "changed", news: "other" } });
    await page.getByText("Something new has arrived.").waitFor();
    await page.getByRole("link", { name: "Patients" }).click();
    await page.locator(".record-item").first().waitFor();
    const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
    assert.ok(heard.includes("doctor.readable"));
    assert.ok(!heard.includes("doctor.record"));
    await context.close();
  });

  await t.test(
    "the device's own list shows at once, with its time, until the newest comes",
    async () => {
      const kept = { time: Date.UTC(2026, 10, 20, 12), records: records.slice(0, 2) };
      const answers = { ...fullAnswers, "patient.kept": kept, "patient.records": away };
      const { page, context } = await openScripted(browser, { answers, person: "zhang-wei" });
      await show(page, "/?lang=en");
      await page.getByText(/As it was on this device at 20 Nov 2026/).waitFor();
      assert.equal(await page.locator(".record-item").count(), 2);
      await script(page, {
        answers: { "patient.records": records },
        event: { what: "changed", news: "details" },
      });
      await page.waitForFunction(
        (count) => document.querySelectorAll(".record-item").length === count,
        records.length,
      );
      assert.equal(await page.getByText("As it was on this device").count(), 0);
      await page.getByText("HbA1c 8.0 % ▲ above the range").first().waitFor();
      await context.close();
    },
  );
});
