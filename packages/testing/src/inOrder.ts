import { test } from "node:test";
import type { TestContext } from "node:test";

type Step = (t: TestContext) => void | Promise<void>;

/**
 * In place of `test` where each test goes on from the one before it: once one fails, those behind it are left out and say
 * whose failure it is, so that one fault is one failure.
 */
export function inOrder(): (title: string, step: Step) => void {
  let failed: string | undefined;
  return (title, step) => {
    void test(title, async (t) => {
      if (failed !== undefined) {
        t.skip(`left out, since "${failed}" failed`);
        return;
      }
      failed = title;
      await step(t);
      failed = undefined;
    });
  };
}
