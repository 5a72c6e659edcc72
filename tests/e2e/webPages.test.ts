import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { Page } from "playwright-core";
import {
  checkAccessibility,
  checkStructure,
  desk,
  launchChromium,
  takePicture,
} from "./webBrowser.ts";
import {
  emptyAnswers,
  failingAnswers,
  fullAnswers,
  scriptedOrigin,
  scriptedPatient,
  scriptedRecord,
  silentAnswers,
} from "./webScript.ts";
import { openScripted } from "./webPortal.ts";

const patientPages = [
  { name: "timeline", path: "/" },
  { name: "record", path: `/records/${scriptedRecord}` },
  { name: "requests", path: "/requests" },
  { name: "sharing", path: "/sharing" },
  { name: "history", path: "/history" },
  { name: "log", path: "/log" },
  { name: "help", path: "/help" },
  { name: "unknown", path: "/nothing" },
];
const doctorPages = [
  { name: "readable", path: "/" },
  { name: "doctor-record", path: `/records/${scriptedRecord}` },
  { name: "doctor-history", path: `/history/${scriptedPatient}` },
  { name: "ask", path: "/ask" },
  { name: "written", path: "/written" },
];
const visits = [
  ...patientPages.map((page) => ({ ...page, person: "zhang-wei" })),
  ...doctorPages.map((page) => ({ ...page, person: "dr-li" })),
];
const languages = [
  { lang: "en", html: "en" },
  { lang: "zh", html: "zh-CN" },
];

/** Until the page of the person stands, with or without its lists. */
async function settle(page: Page, isSilent: boolean): Promise<void> {
  await page.locator("h1").waitFor();
  if (isSilent) return;
  await page.waitForFunction(() => document.querySelector(".panel-loading") === null);
}

test("every page is accessible: full in both languages, and empty, failing and waiting", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const lives = [
    { life: "full", answers: fullAnswers, spoken: languages },
    { life: "empty", answers: emptyAnswers, spoken: languages.slice(0, 1) },
    { life: "failing", answers: failingAnswers, spoken: languages.slice(1) },
    { life: "waiting", answers: silentAnswers, spoken: languages.slice(0, 1) },
  ];
  for (const { life, answers, spoken } of lives) {
    for (const person of ["zhang-wei", "dr-li"]) {
      const { page, faults } = await openScripted(browser, { answers, person });
      for (const { lang, html } of spoken) {
        for (const visit of visits.filter((one) => one.person === person)) {
          const name = `${life}-${visit.name}-${lang}`;
          await page.goto(`${scriptedOrigin}${visit.path}?lang=${lang}`);
          await settle(page, life === "waiting");
          await checkStructure(page, name, html);
          await checkAccessibility(page, name);
          await takePicture(page, `${name}-390`);
        }
      }
      assert.deepEqual(faults, [], `${life} ${person}`);
      await page.context().close();
    }
  }
});

test("every page fits into 320 px and onto a desk", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  for (const person of ["zhang-wei", "dr-li"]) {
    for (const width of [320, desk.width]) {
      const { page } = await openScripted(browser, { answers: fullAnswers, person, width });
      for (const { lang, html } of languages) {
        for (const visit of visits.filter((one) => one.person === person)) {
          await page.goto(`${scriptedOrigin}${visit.path}?lang=${lang}`);
          await settle(page, false);
          await checkStructure(page, `${visit.name} ${width} ${lang}`, html);
          await takePicture(page, `full-${visit.name}-${lang}-${width}`);
        }
      }
      await page.context().close();
    }
  }
});

test("the choice of people says that it is a demonstration, and is accessible", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const { page } = await openScripted(browser, { answers: fullAnswers });
  for (const { lang, html } of languages) {
    await page.goto(`${scriptedOrigin}/?lang=${lang}`);
    await page.locator("button.person").first().waitFor();
    assert.equal(await page.locator("button.person .badge-demo").count(), 4);
    await checkStructure(page, `people ${lang}`, html);
    await checkAccessibility(page, `people ${lang}`);
    await takePicture(page, `people-${lang}-390`);
  }
  await page.setViewportSize(desk);
  await takePicture(page, "people-zh-1280");
});

test("the language stays in the address and in the browser", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const { page } = await openScripted(browser, { answers: fullAnswers, person: "zhang-wei" });
  await page.goto(`${scriptedOrigin}/`);
  await page.getByRole("button", { name: "简体中文" }).click();
  await page.getByRole("heading", { level: 1, name: "您的病历" }).waitFor();
  assert.equal(new URL(page.url()).search, "?lang=zh");
  await page.getByRole("link", { name: "共享" }).click();
  await page.getByRole("heading", { level: 1, name: "共享" }).waitFor();
  assert.equal(new URL(page.url()).search, "?lang=zh");
  await page.goto(`${scriptedOrigin}/help`);
  await page.getByRole("heading", { level: 1, name: "帮助" }).waitFor();
});

test("titles and addresses hold no clinical word and no name", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const { page } = await openScripted(browser, { answers: fullAnswers, person: "zhang-wei" });
  for (const { path } of patientPages) {
    await page.goto(`${scriptedOrigin}${path}?lang=en`);
    await settle(page, false);
    const said = `${await page.title()} ${page.url()}`;
    assert.doesNotMatch(said, /zhang|wei\b|dr-|laborator|blood|diabet|visit note/i, path);
  }
});

test("a hostile narrative does nothing on the page", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const shown = fullAnswers["patient.record"] as { readonly summary: object };
  const section = {
    heading: "note",
    title: "<img src=x onerror=alert(1)>",
    rows: [{ label: "<b>bold</b>", value: "</script><script>window.hit=1</script>" }],
  };
  const hostile = { ...shown, summary: { ...shown.summary, sections: [section] } };
  const answers = { ...fullAnswers, "patient.record": hostile };
  const { page } = await openScripted(browser, { answers, person: "zhang-wei" });
  await page.goto(`${scriptedOrigin}/records/${scriptedRecord}?lang=en`);
  await page.getByText("<b>bold</b>").waitFor();
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.equal(await page.evaluate(() => "hit" in window), false);
});

test("the bundle keeps what uses keys in the worker, and runs under the content policy", async () => {
  const dist = join(import.meta.dirname, "../../apps/web/dist");
  const names = (await readdir(join(dist, "assets"))).filter((name) => name.endsWith(".js"));
  const scripts = new Map<string, string>();
  for (const name of names) scripts.set(name, await readFile(join(dist, "assets", name), "utf8"));
  const keys = /WebAssembly|MRS-V1|X-Wing/i;
  const workers = names.filter((name) => name.startsWith("worker-"));
  assert.equal(workers.length, 1);
  assert.match([...loadedFrom(workers, scripts)].join(), keys);
  const pages = names.filter((name) => name.startsWith("index-"));
  assert.ok(pages.length > 0);
  for (const script of loadedFrom(pages, scripts)) assert.doesNotMatch(script, keys);
  for (const [name, script] of scripts) {
    assert.doesNotMatch(script, /medplum/i, name);
  }
  const html = await readFile(join(dist, "index.html"), "utf8");
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|\son\w+=|style=/);
});

/** The scripts that these load, themselves among them; a worker is started, not loaded. */
function loadedFrom(entries: readonly string[], scripts: ReadonlyMap<string, string>): Set<string> {
  const seen = new Set(entries);
  for (const name of seen)
    for (const other of scripts.keys())
      if (!other.startsWith("worker-") && scripts.get(name)!.includes(`./${other}`))
        seen.add(other);
  return new Set([...seen].map((name) => scripts.get(name)!));
}
