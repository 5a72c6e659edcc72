import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../tools/pinnedNode.mjs";
import type { Case } from "./cases.ts";

/** What HAPI's validator says of a file: how many errors, and the ids of their messages. */
export interface HapiVerdict {
  readonly errors: number;
  readonly messages: readonly string[];
}

const MINUTES_MAX = 20;

/** HAPI's verdicts, by the files' SHA-256. Maven fetches the validator at the first run. */
export function askHapi(cases: readonly Case[]): Map<string, HapiVerdict> {
  const folder = mkdtempSync(join(tmpdir(), "hapi-"));
  try {
    for (const { sha256, bytes } of cases) writeFileSync(join(folder, sha256), bytes);
    const run = spawnSync("mvn", ["-B", "-q", "compile", "exec:java", `-Dexec.args=${folder}`], {
      cwd: join(projectRoot, "tests", "hapi"),
      encoding: "utf8",
      maxBuffer: 1 << 28,
      timeout: MINUTES_MAX * 60_000,
    });
    if (run.status !== 0)
      throw new Error(`Maven ended with ${run.status}: ${run.stdout.slice(-2000)}`);
    const lines = run.stdout.split("\n").filter((line) => /^[0-9a-f]{64}\t/.test(line));
    return new Map(
      lines.map((line) => {
        const [sha256 = "", errors = "", , messages = ""] = line.split("\t");
        const ids = messages.split(",").filter((id) => id !== "");
        return [sha256, { errors: Number(errors), messages: ids }];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
