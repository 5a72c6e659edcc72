import assert from "node:assert/strict";
import { test } from "node:test";
import type { DisputeView, RecordSummary } from "@anamnesis/client";
import { disputeLines } from "./disputeLines.ts";

const author = { fingerprint: "f", name: "Dr Li", role: "doctor", institution: "general-hospital" };
const record = (...disputes: (DisputeView | undefined)[]): RecordSummary => ({
  id: "a1",
  chain: "c",
  institution: "general-hospital",
  pid: "p",
  tag: "t",
  category: "vitals",
  state: "disputed",
  author,
  time: 0,
  versions: disputes.map((dispute, i) => ({
    n: i + 1,
    slip: "s",
    digest: "d",
    time: 0,
    state: "disputed",
    author,
    ...(dispute === undefined ? {} : { dispute }),
  })),
});

test("disputeLines() shows signed reasons in quotes on one line, and says when there is none to show", () => {
  const text = "The left\nknee \u001b[31m";
  assert.deepEqual(
    disputeLines([
      record(undefined, { reason: "signed", text }),
      record({ reason: "mismatch" }, { reason: "missing" }),
    ]),
    [
      String.raw`a1@2 is disputed: "The left\nknee \u001b[31m"`,
      "a1@1 is disputed; the reason that came is not the one that the patient signed, and is not shown",
      "a1@2 is disputed; no reason has come",
    ],
  );
});
