import assert from "node:assert/strict";
import { test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import type { ErrorCode } from "@anamnesis/protocol";
import { inTurn } from "./inTurn.ts";

/** What each member does: answers, fails with a code, or is silent (and said to be so at once). */
type Answers = Readonly<Record<string, "answers" | "silent" | ErrorCode>>;

async function played(
  answers: Answers,
  isWriterSilent = false,
): Promise<{ readonly asked: readonly string[]; readonly got: string; readonly away?: unknown }> {
  const asked: string[] = [];
  let away: unknown;
  const got = await inTurn({
    chain: "one",
    writer: { id: "w", isSilent: async () => isWriterSilent },
    members: Object.keys(answers),
    ask: async (member, signal, onSilent) => {
      asked.push(member);
      const said = answers[member]!;
      if (said === "answers") return member;
      if (said !== "silent") throw new AnamnesisError(said, `${member} says ${said}`);
      onSilent();
      return new Promise<string>((_, reject) =>
        signal.addEventListener("abort", () => reject(new AnamnesisError("UNAVAILABLE", "gone"))),
      );
    },
  }).catch((error: AnamnesisError) => {
    away = error.details?.["away"];
    return `${error.code}: ${error.message}`;
  });
  return { asked, got, ...(away !== undefined && { away }) };
}

test("H-66: inTurn() asks the next member when one fails or is silent, and takes the first answer", async () => {
  assert.deepEqual(await played({ a: "answers", b: "answers" }), { asked: ["a"], got: "a" });
  assert.deepEqual(await played({ a: "UNAVAILABLE", b: "answers", c: "answers" }), {
    asked: ["a", "b"],
    got: "b",
  });
  assert.deepEqual(await played({ a: "silent", b: "answers" }), { asked: ["a", "b"], got: "b" });
});

test("H-66: one member's refusal is not believed, two that refuse are", async () => {
  assert.equal((await played({ a: "NOT_FOUND", b: "answers" })).got, "b");
  assert.deepEqual(await played({ a: "NOT_FOUND", b: "NOT_FOUND", c: "answers" }), {
    asked: ["a", "b"],
    got: "NOT_FOUND: a says NOT_FOUND",
  });
  assert.match((await played({ a: "UNAVAILABLE", b: "FORBIDDEN" })).got, /^FORBIDDEN/);
});

test("H-66: that nobody answers names everybody", async () => {
  const { got, away } = await played({ a: "UNAVAILABLE", b: "NOT_YET" });
  assert.equal(got, "UNAVAILABLE: No member of one answers: a, b (NOT_YET)");
  assert.deepEqual(away, ["a", "b"]);
});

test("H-65: one member's word that the writer is away counts where the writer is silent to us, too", async () => {
  const told = { a: "WRITER_AWAY", b: "answers" } as const;
  assert.equal((await played(told)).got, "b");
  assert.deepEqual(await played(told, true), {
    asked: ["a"],
    got: "WRITER_AWAY: w, which writes one, does not answer",
    away: ["w"],
  });
  const two = { a: "WRITER_AWAY", b: "WRITER_AWAY", c: "answers" } as const;
  assert.deepEqual((await played(two)).asked, ["a", "b"]);
});
