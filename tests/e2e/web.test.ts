/** The portal on a living federation, driven as people drive it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { checkProof } from "@anamnesis/client/patient";
import { fromBase64url } from "@anamnesis/crypto/verify";
import { parseTrust } from "@anamnesis/protocol";
import { temporaryFolder, up } from "./anamnesis.ts";
import { LeakScanner } from "./leakScan.ts";
import { launchChromium } from "./webBrowser.ts";
import {
  download,
  enter,
  focusedText,
  follow,
  h1,
  look,
  openTab,
  press,
  realFaults,
  reloadUntil,
} from "./webTab.ts";
import { formsOf, isIdentityRoute } from "./webTraffic.ts";

interface World {
  readonly browser: Browser;
  readonly portal: string;
  readonly dir: string;
}

async function startWorld(t: TestContext): Promise<World | undefined> {
  const browser = await launchChromium(t);
  if (browser === undefined) return undefined;
  const folder = await temporaryFolder();
  t.after(() => folder.remove());
  const dir = join(folder.path, "federation");
  const running = await up(dir, ["--demo"]);
  t.after(() => running.stop());
  return { browser, portal: running.ready.portal, dir };
}

test("a patient decides in the browser, and a doctor's view follows", async (t) => {
  const world = await startWorld(t);
  if (world === undefined) return;
  await t.test("English: confirm, approve, see who looked, revoke", () => inEnglish(world));
  await t.test("简体中文: 申请、缩小范围、停止共享", () => inChinese(world));
  await t.test("the main path with a keyboard alone", () => byKeyboard(world));
  await t.test("neither seed nor plaintext leaves the browser", () => nothingLeaks(world));
});

async function inEnglish({ browser, portal, dir }: World): Promise<void> {
  const patient = await openTab(browser, portal, "en");
  const doctor = await openTab(browser, portal, "en");
  const { page } = patient;
  await h1(page, "Who are you today?").waitFor();
  await page.locator("button.person").first().waitFor();
  await look(page, "people", "en");
  await enter(page, "Zhang Wei");
  await page.locator(".record-item").first().waitFor();
  await look(page, "timeline", "en");

  // Read and confirm.
  const unread = page.locator(".record-item", { hasText: "Not yet confirmed" });
  const before = await unread.count();
  assert.ok(before > 0);
  await unread.first().getByRole("link").click();
  await page.getByRole("button", { name: "Yes, confirm" }).waitFor();
  await page.getByText(/^Signed by Dr \w+ at /).waitFor();
  await look(page, "record", "en");
  await page.getByRole("button", { name: "Yes, confirm" }).click();
  await page.locator(".signed", { hasText: "Confirmed by you" }).waitFor();

  // The exact file, and a proof that another program accepts under this federation's trust alone.
  const file = await download(page, "Download the file");
  assert.ok(file.length > 0);
  const proof = await download(page, "Download evidence");
  const trust = parseTrust(await readFile(join(dir, "trust.json"), "utf8"));
  assert.equal(checkProof(new Uint8Array(proof), trust).confirmed, true);
  await follow(page, "Records");
  await page.waitForFunction(
    (count) =>
      [...document.querySelectorAll(".mark-unconfirmed")].filter((mark) =>
        mark.closest(".record-item"),
      ).length < count,
    before,
  );

  // The doctor has nothing yet.
  await enter(doctor.page, "Dr Sun");
  await h1(doctor.page, "Patients' records").waitFor();
  await doctor.page.getByText("You may read nothing yet").waitFor();

  // Approve.
  await follow(page, /^Requests/);
  const card = page.locator("article", { hasText: "Dr Sun" });
  await card.getByText("Identity checked").waitFor();
  await look(page, "requests", "en");
  await card.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Nothing waits for you.").waitFor();

  // It arrives at the doctor's without a reload; opening happens in that browser.
  const readable = doctor.page.locator(".record-item");
  await readable.first().waitFor();
  await look(doctor.page, "readable", "en");
  await readable.first().getByRole("link").click();
  await doctor.page.getByText(/^Signed by Dr \w+ at /).waitFor();
  await look(doctor.page, "doctor-record", "en");
  const opened = doctor.page.url();

  // Who looked.
  await follow(page, "Who looked");
  const entry = page.locator(".log-opened", { hasText: "Dr Sun (Online Clinic) opened" });
  await reloadUntil(page, entry);
  await look(page, "log", "en");
  await entry.first().getByRole("link", { name: "Why was this allowed?" }).click();
  await h1(page, "Sharing").waitFor();
  const grant = page.locator("article.card-chosen", { hasText: "Dr Sun" });
  await grant.waitFor();
  await look(page, "sharing", "en");

  // Two taps, with what cannot be undone between them.
  await grant.getByRole("button", { name: "Stop sharing with Dr Sun" }).click();
  await grant
    .getByText("copies already taken under “copy” stay in the hospital's own record")
    .waitFor();
  await grant.getByRole("button", { name: "Yes, stop now" }).click();
  await page.locator("article.card-chosen", { hasText: "Stopped by you" }).waitFor();

  // The doctor is refused.
  await doctor.page.goto(opened);
  await h1(doctor.page, "You cannot open this record").waitFor();
  await look(doctor.page, "denied", "en");
  for (const { faults } of [patient, doctor]) assert.deepEqual(realFaults(faults), []);
  await patient.context.close();
  await doctor.context.close();
}

async function inChinese({ browser, portal }: World): Promise<void> {
  const patient = await openTab(browser, portal, "zh");
  const doctor = await openTab(browser, portal, "zh");
  const { page } = patient;
  await page.locator("button.person").first().waitFor();
  await look(page, "people", "zh-CN");
  await enter(page, "Zhang Wei");
  await page.locator(".record-item").first().waitFor();
  await look(page, "timeline", "zh-CN");
  await page.locator(".record-item").first().getByRole("link").click();
  await page.getByText("起未被更改").waitFor();
  await look(page, "record", "zh-CN");
  await follow(page, /^申请/);

  // The doctor asks; the request arrives on the patient's open page.
  await enter(doctor.page, "Dr Sun");
  await follow(doctor.page, "申请");
  await doctor.page.getByLabel("患者", { exact: true }).selectOption({ label: "Zhang Wei" });
  await doctor.page.getByLabel("给患者的留言（选填）").fill("复诊需要");
  await look(doctor.page, "ask", "zh-CN");
  await doctor.page.getByRole("button", { name: "发送申请" }).click();
  await doctor.page.locator(".status-open").first().waitFor();
  const card = page.locator("article", { hasText: "复诊需要" });
  await card.waitFor();

  // The patient allows less: one kind.
  await card.getByText("缩小范围").click();
  const wanted = "检验报告";
  for (const box of await card.getByRole("checkbox").all()) {
    const label = await box.evaluate((element) => (element as HTMLInputElement).value);
    if (label !== "laboratory") await box.uncheck();
  }
  await card.locator(".preview", { hasText: `可以阅读${wanted}` }).waitFor();
  await look(page, "requests-narrow", "zh-CN");
  await card.getByRole("button", { name: "同意" }).click();
  await page.locator("article", { hasText: "已同意" }).first().waitFor();

  await follow(doctor.page, "患者");
  const readable = doctor.page.locator(".record-item");
  await readable.first().waitFor();
  for (const text of await readable.allTextContents()) assert.match(text, /检验报告|Laboratory/);
  await look(doctor.page, "readable", "zh-CN");
  await follow(doctor.page, "我写的");
  await doctor.page.locator(".record-item").first().waitFor();
  await look(doctor.page, "written", "zh-CN");

  await follow(page, "共享");
  const grant = page.locator("article", { hasText: wanted }).filter({ hasText: "有效" });
  await look(page, "sharing", "zh-CN");
  await grant
    .getByRole("button", { name: /^停止共享/ })
    .first()
    .click();
  await grant.getByRole("button", { name: "是的，立即停止" }).click();
  await page.locator("article", { hasText: wanted }).filter({ hasText: "您已停止" }).waitFor();
  await follow(page, "谁看过");
  await page.locator(".log-revoked").first().waitFor();
  await look(page, "log", "zh-CN");
  for (const { faults } of [patient, doctor]) assert.deepEqual(realFaults(faults), []);
  await patient.context.close();
  await doctor.context.close();
}

async function byKeyboard({ browser, portal }: World): Promise<void> {
  const { page, context } = await openTab(browser, portal, "en");
  await page.locator("button.person").first().waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focusedText(page), "Skip to the content");
  await press(page, "Zhang Wei");
  await h1(page, "Your records").waitFor();
  await page.locator(".record-item").first().waitFor();
  await press(page, "Not yet confirmed");
  await page.getByRole("button", { name: "Yes, confirm" }).waitFor();
  await press(page, "Yes, confirm");
  await page.locator(".signed", { hasText: "Confirmed by you" }).waitFor();
  await press(page, "Sharing");
  const grant = page.locator("article", { hasText: "Dr Chen" }).filter({ hasText: "Active" });
  await grant.waitFor();
  await press(page, "Stop sharing");
  assert.equal(await focusedText(page), "Yes, stop now");
  await page.keyboard.press("Enter");
  await page.locator("article", { hasText: "Dr Chen" }).filter({ hasText: "Stopped" }).waitFor();
  await press(page, "Change person");
  await h1(page, "Who are you today?").waitFor();
  await context.close();
}

/** What was typed, chosen, opened and derived above must not be in anything that was sent. */
async function nothingLeaks({ browser, portal, dir }: World): Promise<void> {
  const patient = await openTab(browser, portal, "en");
  const { page, traffic } = patient;
  await enter(page, "Zhang Wei");
  const item = page.locator(".record-item", { hasText: "Laboratory report" }).first();
  await item.getByRole("link").click();
  await page.getByText(/^Signed by Dr \w+ at /).waitFor();
  const cells = await page.locator(".summary-table tbody th").allTextContents();
  const about = await page.locator(".record-about strong").innerText();
  const title = await page.locator("h1").innerText();
  assert.ok(cells.length > 0);
  await page.getByRole("button", { name: "Something is wrong" }).click();
  const reason = "The sodium value belongs to somebody else";
  await page.getByLabel("In your own words").fill(reason);
  await look(page, "dispute", "en");
  await page.getByRole("button", { name: "Send to the doctor" }).click();
  await page.locator(".signed", { hasText: "You said something is wrong" }).waitFor();
  await traffic.settle();

  const scanner = new LeakScanner([about, title, reason, ...cells]);
  const leaks = [
    ...traffic.sent.flatMap(({ url, bytes }) => scanner.scan(bytes, url)),
    ...traffic.received.flatMap(({ url, bytes }) => scanner.scan(bytes, url)),
  ];
  assert.deepEqual(leaks, []);
  assert.ok(traffic.received.some(({ url }) => url.includes("/items/")));

  const seed = seedOf(dir, "zhang-wei");
  const isSeedIn = (bytes: Buffer): boolean => formsOf(seed).some((form) => bytes.includes(form));
  assert.deepEqual(
    [...traffic.sent, ...traffic.received].filter(({ bytes }) => isSeedIn(bytes)),
    [],
  );
  // The search itself is sound: the one route that may hand out the seed does, and is asked once.
  const identity = await fetch(`${portal}demo/people/zhang-wei`);
  assert.ok(isSeedIn(Buffer.from(await identity.arrayBuffer())));
  const asked = traffic.sent.filter(({ url }) => isIdentityRoute(new URL(url).pathname));
  assert.deepEqual(
    asked.map(({ method }) => method),
    ["GET"],
  );

  // Nothing of the keys is kept in the page.
  const kept = await page.evaluate(() =>
    JSON.stringify([
      Object.entries(localStorage),
      Object.entries(sessionStorage),
      document.cookie,
      location.href,
    ]),
  );
  assert.ok(!isSeedIn(Buffer.from(kept)));
  assert.deepEqual(realFaults(patient.faults), []);
  await patient.context.close();
}

function seedOf(dir: string, name: string): Uint8Array {
  const file = readFileSync(join(dir, "devices", name, "identity.json"), "utf8");
  return fromBase64url((JSON.parse(file) as { identity: { seed: string } }).identity.seed);
}
