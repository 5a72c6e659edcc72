import assert from "node:assert/strict";
import test from "node:test";
import { codeName } from "./codes.ts";

test("codeName() names codes in the page's language, and leaves the record's own words alone", () => {
  assert.equal(codeName("final", "zh"), "最终结果");
  assert.equal(codeName("Clinic visit", "zh"), "门诊就诊");
  assert.equal(codeName("final", "en"), "final");
  assert.equal(codeName("网上问诊", "en"), "Online consultation");
  for (const own of ["One tablet each evening", "constructor", ""])
    assert.equal(codeName(own, "zh"), own);
});
