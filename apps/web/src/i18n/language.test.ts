import assert from "node:assert/strict";
import test from "node:test";
import { parameterNames } from "./formatMessage.ts";
import { chooseLanguage, languages, scriptLanguage, texts } from "./language.ts";
import type { TextId } from "./language.ts";

const ids = Object.keys(texts.en) as TextId[];

test("texts of every language have the same ids with the same parameters", () => {
  for (const language of languages) {
    assert.deepEqual(Object.keys(texts[language]).toSorted(), ids.toSorted(), language);
    for (const id of ids)
      assert.deepEqual(
        parameterNames(texts[language][id]),
        parameterNames(texts.en[id]),
        `${language} ${id}`,
      );
  }
});

test("texts are not empty and are translated", () => {
  for (const id of ids) {
    assert.notEqual(texts.en[id].trim(), "", id);
    if (/[a-z]{2}/i.test(texts.en[id].replaceAll(/\{\w+\}/g, "")))
      assert.match(texts.zh[id], /\p{Script=Han}/u, id);
    assert.doesNotMatch(texts.en[id], /\p{Script=Han}/u, id);
  }
});

test("texts for patients do not speak of keys, blocks or hashes", () => {
  for (const id of ids) {
    assert.doesNotMatch(texts.en[id], /\b(?:key|block|hash|chain|ledger|cipher)\w*\b/i, id);
    assert.doesNotMatch(texts.zh[id], /密钥|私钥|公钥|区块|哈希|散列|摘要|密文|账本/, id);
  }
});

test("chooseLanguage() takes the address first, then the last choice, then the browser's", () => {
  const rows = [
    { search: "?lang=zh", stored: "en", browser: ["en"], want: "zh" },
    { search: "?lang=xx", stored: "zh", browser: ["en"], want: "zh" },
    { search: "", stored: null, browser: ["fr-FR", "zh-CN", "en"], want: "zh" },
    { search: "", stored: "nonsense", browser: ["fr"], want: "en" },
  ] as const;
  for (const { want, ...from } of rows) assert.equal(chooseLanguage(from), want);
});

test("scriptLanguage() marks text whose script is not the page's", () => {
  assert.equal(scriptLanguage("高血压", "en"), "zh-CN");
  assert.equal(scriptLanguage("高血压", "zh"), undefined);
  assert.equal(scriptLanguage("High blood pressure", "zh"), "en");
  assert.equal(scriptLanguage("High blood pressure", "en"), undefined);
  assert.equal(scriptLanguage("120/80", "zh"), undefined);
});
