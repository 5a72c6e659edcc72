import assert from "node:assert/strict";
import test from "node:test";
import type { RequestSummary } from "@anamnesis/client";
import { dayValue, endOfDay } from "../i18n/dates.ts";
import { asAsked, termsOf } from "./narrow.ts";

const dayMs = 24 * 3_600_000;
const now = new Date(2026, 10, 21, 12).getTime();
const rules = {
  categories: ["laboratory", "imaging", "vitals"],
  purposes: ["TREAT"] as const,
  grantLifetimeMs: 366 * dayMs,
};
const request: RequestSummary = {
  id: "aa",
  state: "open",
  time: now,
  party: { fingerprint: "ff", name: "dr-sun", role: "doctor", institution: "online-clinic" },
  sensitive: false,
  actions: ["read"],
  purpose: "TREAT",
  until: now + 30 * dayMs,
  text: "",
};
const terms = (change: Partial<ReturnType<typeof asAsked>>, of = request): unknown =>
  termsOf(of, { ...asAsked(of, rules), ...change }, { rules, now });

test("termsOf() leaves out what was left as asked", () => {
  assert.deepEqual(terms({}), { ok: true, terms: {} });
});

test("termsOf() gives fewer categories and an earlier end", () => {
  const until = dayValue(now + 3 * dayMs);
  assert.deepEqual(terms({ categories: ["vitals"], until }), {
    ok: true,
    terms: { categories: ["vitals"], until: endOfDay(until) },
  });
});

test("termsOf() leaves out the copy that was asked for", () => {
  const asked = { ...request, actions: ["read", "copy"] as const };
  assert.deepEqual(terms({}, asked), { ok: true, terms: {} });
  assert.deepEqual(terms({ copy: false }, asked), { ok: true, terms: { actions: ["read"] } });
});

test("termsOf() refuses nothing at all, an end in the past and a later end than was asked for", () => {
  assert.deepEqual(terms({ categories: [] }), { ok: false, problem: "kinds" });
  for (const until of [dayValue(now - dayMs), dayValue(now + 31 * dayMs), "", "soon"])
    assert.deepEqual(terms({ until }), { ok: false, problem: "until" }, until);
});

test("asAsked() offers only the categories that were asked for", () => {
  const some = { ...request, categories: ["imaging"] };
  assert.deepEqual(asAsked(some, rules).categories, ["imaging"]);
  assert.deepEqual(terms({}, some), { ok: true, terms: {} });
});
