import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import * as primitives from "#primitives";
import * as node from "../src/primitives/primitives.node.ts";
import * as web from "../src/primitives/primitives.web.ts";

test("the tests of this folder run on the build that they are meant for", () => {
  const expected = process.env["EXPECTED_BUILD"] === "browser" ? web : node;
  assert.equal(primitives.ed25519Verify, expected.ed25519Verify);
});
