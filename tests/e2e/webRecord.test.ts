/** A record's page: what is drawn, what may be confirmed, what may be copied, and what was allowed. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import type { Browser, Page } from "playwright-core";
import { syntheticPdf } from "@anamnesis/fhir/synthetic";
import { checkAccessibility, checkStructure, launchChromium, takePicture } from "./webBrowser.ts";
import { openScripted, script, show } from "./webPortal.ts";
import { fullAnswers, scriptedRecord } from "./webScript.ts";
import type { Answers } from "./webScript.ts";

type Fields = Readonly<Record<string, unknown>>;
const shown = fullAnswers["patient.record"] as Fields;
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const path = `/records/${scriptedRecord}?lang=en`;

const file = (mediaType: string, content: string): Answers => ({
  ...fullAnswers,
  "patient.record": { ...shown, summary: undefined, mediaType, fileName: "scan", content },
});

const inTab = async (
  browser: Browser,
  options: { readonly answers: Answers; readonly person: string; readonly path: string },
  look: (page: Page) => Promise<void>,
): Promise<void> => {
  const { page, context, faults } = await openScripted(browser, options);
  await show(page, options.path);
  await look(page);
  assert.deepEqual(faults, []);
  await context.close();
};

test("files are drawn on the page, and nothing is confirmed that was neither drawn nor saved", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const confirm = (page: Page) => page.getByRole("button", { name: "Yes, confirm" });
  const drawn = {
    pdf: { answers: file("application/pdf", toBase64(syntheticPdf(1))), of: "canvas" },
    png: { answers: file("image/png", png), of: "img" },
    text: { answers: file("text/plain", toBase64("<b>plain</b> words")), of: "pre" },
  };
  for (const [name, { answers, of }] of Object.entries(drawn))
    await t.test(`${name} is drawn, and can be confirmed then`, () =>
      inTab(browser, { answers, person: "zhang-wei", path }, async (page) => {
        await page.locator(`.preview-file > ${of}`).waitFor();
        await page.waitForFunction(
          () => document.querySelector(".decide button:disabled") === null,
        );
        assert.equal(await page.locator("iframe, object, embed, .preview-file script").count(), 0);
        assert.equal(await confirm(page).isEnabled(), true);
        await checkStructure(page, name, "en");
        await checkAccessibility(page, name);
        await takePicture(page, `record-${name}-en-390`);
      }),
    );
  for (const [name, mediaType] of [
    ["a type that nothing draws", "application/zip"],
    ["a broken PDF", "application/pdf"],
    ["a compressed or broken DICOM file", "application/dicom"],
    ["an image that is none", "image/png"],
  ] as const)
    await t.test(`${name} is confirmed only once it was saved`, () =>
      inTab(
        browser,
        { answers: file(mediaType, toBase64("PK not what it says")), person: "zhang-wei", path },
        async (page) => {
          await page.getByText("You cannot confirm it unread").waitFor();
          assert.equal(await confirm(page).isDisabled(), true);
          const saved = page.waitForEvent("download");
          await page.getByRole("button", { name: "Download the file" }).click();
          assert.equal(
            (await readFile(await (await saved).path())).toString(),
            "PK not what it says",
          );
          await page.waitForFunction(
            () => document.querySelector(".decide button:disabled") === null,
          );
        },
      ),
    );
});

test("a doctor saves a copy only where that was allowed", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  await t.test("reading alone: no button, and no bytes on the page", () =>
    inTab(browser, { answers: fullAnswers, person: "dr-li", path }, async (page) => {
      await page.getByText("it was not given to you to copy").waitFor();
      assert.equal(await page.getByRole("button", { name: /Save|Download/ }).count(), 0);
    }),
  );
  await t.test("with copy: the worker opens once more, to copy", () => {
    const record = { ...(fullAnswers["doctor.record"] as Fields), canCopy: true };
    const answers = { ...fullAnswers, "doctor.record": record, "doctor.copy": { blob: "e30=" } };
    return inTab(browser, { answers, person: "dr-li", path }, async (page) => {
      const saved = page.waitForEvent("download");
      await page.getByRole("button", { name: "Save a copy" }).click();
      assert.equal((await readFile(await (await saved).path())).toString(), "{}");
      await page.getByText("The copy is saved. The patient sees that you took it.").waitFor();
    });
  });
});

test("an approved request says what was allowed, until when, and that it was stopped", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const [first, ...others] = fullAnswers["patient.grants"] as readonly Fields[];
  const answers = {
    ...fullAnswers,
    "patient.grants": [{ ...first, categories: ["laboratory"], actions: ["read"] }, ...others],
  };
  await inTab(
    browser,
    { answers, person: "zhang-wei", path: "/requests?lang=en" },
    async (page) => {
      const card = page.locator("article", { hasText: "Approved" });
      await card
        .getByText(/You allowed them to read Laboratory report until .*\. It is in force now\./)
        .waitFor();
      await script(page, {
        answers: {
          "patient.grants": [{ ...first, status: "revoked", revokedAt: Date.UTC(2026, 10, 22) }],
        },
        event: { what: "changed", news: "details" },
      });
      await card.getByText(/It was stopped on 2[12] Nov 2026/).waitFor();
    },
  );
});

function toBase64(content: Uint8Array | string): string {
  return Buffer.from(content).toString("base64");
}
