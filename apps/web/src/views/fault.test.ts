import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { denialCodes, errorCodes, slipCodes } from "@anamnesis/protocol";
import { texts } from "../i18n/language.ts";
import { denialOf, faultOf, isDenial } from "./fault.ts";
import { personLabel } from "./personName.ts";

test("faultOf() and denialOf() have words for every code of the protocol", () => {
  for (const code of [...Object.keys(errorCodes), ...Object.keys(slipCodes), "NEVER_HEARD"])
    assert.ok(Object.hasOwn(texts.en, faultOf(code)), code);
  for (const code of denialCodes) assert.ok(Object.hasOwn(texts.zh, denialOf(code)), code);
});

test("isDenial() tells what the patient decided from what broke", () => {
  for (const code of ["NO_ACCESS", "GRANT_NOT_LIVE", "PURPOSE_NOT_GRANTED"])
    assert.ok(isDenial(code), code);
  for (const code of ["UNAVAILABLE", "E_DECRYPT", "INTERNAL"]) assert.ok(!isDenial(code), code);
});

test("personLabel() writes slugs as names and leaves other names alone", () => {
  assert.equal(personLabel("dr-li"), "Dr Li");
  assert.equal(personLabel("张伟"), "张伟");
  assert.equal(personLabel("Anna-Lena O'Neil"), "Anna-Lena O'Neil");
});

test("screens load no code of ours that could use keys: only the worker does", () => {
  const source = join(import.meta.dirname, "..");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  const screens = files.filter(
    (file) => /\.tsx?$/.test(file) && !file.endsWith(".test.ts") && !/^worker[/\\]/.test(file),
  );
  assert.ok(screens.length > 20);
  for (const file of screens) {
    const text = readFileSync(join(source, file), "utf8");
    const loads = text.match(/^import (?!type )[^;]*"(@anamnesis\/[^"]*)"/gm) ?? [];
    assert.deepEqual(loads, [], file);
  }
});
