import assert from "node:assert/strict";
import test from "node:test";
import { IntlMessageFormat } from "intl-messageformat";
import { messageFormat } from "./formatMessage.ts";
import { chooseLanguage, languages, locales, scriptLanguage, texts } from "./language.ts";
import type { TextId } from "./language.ts";

const ids = Object.keys(texts.en) as TextId[];

type Element = ReturnType<IntlMessageFormat["getAst"]>[number];

/** Parameters of a message as `name` or `name, kind`, in every branch, each once, sorted. */
function parametersOf(message: string): string[] {
  const inside = (elements: readonly Element[]): string[] =>
    elements.flatMap((element) => {
      if (element.type === KIND.argument) return [element.value];
      if (element.type === KIND.number) return [`${element.value}, number`];
      if (element.type === KIND.plural)
        return [
          `${element.value}, number`,
          ...Object.values(element.options).flatMap(({ value }) => inside(value)),
        ];
      assert.ok(element.type === KIND.literal || element.type === KIND.pound, message);
      return [];
    });
  const parsed = new IntlMessageFormat(message, "en", undefined, { ignoreTag: true });
  return [...new Set(inside(parsed.getAst()))].toSorted();
}

/** The parser's numbers for the parts of messages that texts use. */
const KIND = { literal: 0, argument: 1, number: 2, plural: 6, pound: 7 } as const;

test("texts of every language have the same ids with the same parameters", () => {
  for (const language of languages) {
    assert.deepEqual(Object.keys(texts[language]).toSorted(), ids.toSorted(), language);
    for (const id of ids)
      assert.deepEqual(
        parametersOf(texts[language][id]),
        parametersOf(texts.en[id]),
        `${language} ${id}`,
      );
  }
});

test("texts are complete with their parameters, and with fewer are no text", () => {
  for (const language of languages) {
    const format = messageFormat(locales[language]);
    for (const id of ids) {
      const wanted = parametersOf(texts.en[id]).map((parameter) => parameter.split(","));
      for (const count of [0, 1, 2]) {
        const given = wanted.map(([name, kind]) => [name, kind === undefined ? "x" : count]);
        assert.doesNotMatch(format(texts[language][id], Object.fromEntries(given)), /[{}#]/, id);
        for (const [left] of wanted) {
          const fewer = Object.fromEntries(given.filter(([name]) => name !== left));
          assert.throws(
            () => format(texts[language][id], fewer),
            { code: "MISSING_VALUE" },
            `${language} ${id} without ${left}`,
          );
        }
      }
    }
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

test("texts speak of nothing but what people know: no keys, proofs, logs or servers", () => {
  const said = (text: string): string => text.replaceAll(/\{\w+/g, "");
  for (const id of ids) {
    assert.doesNotMatch(
      said(texts.en[id]),
      /\b(?:keys?|blocks?|hash|chains?|ledger|cipher|logs?|proofs?|sealed|servers?|prox(?:y|ies)|registry|UTC)\b/i,
      id,
    );
    assert.doesNotMatch(
      said(texts.zh[id]),
      /密钥|私钥|公钥|区块|哈希|散列|摘要|密文|账本|日志|证明|密封|服务器|代理/,
      id,
    );
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
