import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { commandTable } from "./commandTable.ts";
import { completionScript, shells } from "./completionScripts.ts";
import type { Shell } from "./completionScripts.ts";
import { completionsOf } from "./completions.ts";
import { wholeProgram } from "./program.ts";

const execute = promisify(execFile);

/** Another user's folder can hold names that are commands. */
const people = ["maria", "dr li", "$(touch stolen)"];

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "completion-"));
  for (const name of people) await mkdir(join(folder, "fed/devices", name), { recursive: true });
  await writeFile(join(folder, "a file.json"), "{}");
  const all = completionsOf(await wholeProgram());
  for (const shell of shells)
    await writeFile(join(folder, shell), completionScript(shell, all).join("\n"));
});
after(() => rm(folder, { recursive: true, force: true }));

const calls: Readonly<Record<Shell, string>> = {
  bash: 'source "$0"; COMP_WORDS=(anamnesis "$@"); COMP_CWORD=$#; _anamnesis; printf "%s\\n" "${COMPREPLY[@]}"',
  zsh: 'compdef() { :; }; source "$0"; _anamnesis_candidates "${@[-1]}" "${(@)@[1,-2]}"',
  fish: 'source $argv[1]; complete -C "anamnesis $(string join " " -- $argv[2..])"',
};

/** What a shell offers for the last of `words`, unquoted. */
async function offered(shell: Shell, words: readonly string[]): Promise<string[]> {
  const clean = { bash: "--norc", zsh: "-f", fish: "--no-config" }[shell];
  const args = [clean, "-c", calls[shell], join(folder, shell), ...words];
  const { stdout } = await execute(shell, args, { cwd: folder });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (shell === "bash" ? line.replaceAll("\\", "") : line).replace(/\t.*/, ""));
}

/** Bash is everywhere; the others where somebody uses them. */
const here = shells.filter(
  (shell) => shell === "bash" || spawnSync(shell, ["--version"]).status === 0,
);

for (const shell of here) {
  test(`completion ${shell} offers commands, options, choices, people and files`, async () => {
    const record = Object.keys(commandTable).flatMap((row) => /^record (.+)/.exec(row)?.[1] ?? []);
    const rows: readonly (readonly [readonly string[], readonly string[]])[] = [
      [["record", ""], record],
      [["--json", "--dir", "fed", "record", ""], record],
      [["person", "add", "x", "--role", "pati"], ["patient"]],
      [["record", "open", "--ou"], ["--out"]],
      [["record", "list", "--dir", "fed", "--as", ""], people],
      [["completion", ""], shells],
      [["record", "import", ""], ["a file.json"]],
    ];
    for (const [words, wanted] of rows) {
      const found = await offered(shell, words);
      // Zsh's own completion sifts by the beginning, and lists files.
      const isWanted = (each: string): boolean =>
        shell !== "zsh" || each.startsWith(words.at(-1) ?? "");
      const want = shell === "zsh" && words[1] === "import" ? [":files"] : wanted;
      for (const each of want)
        assert.ok(found.includes(each), `${words.join(" ")}: ${found.join()}`);
      const others = found.filter((each) => isWanted(each) && !want.includes(each));
      if (words[1] !== "import") assert.deepEqual(others, [], words.join(" "));
    }
    const top = await offered(shell, [""]);
    for (const row of Object.keys(commandTable)) assert.ok(top.includes(row.split(" ")[0] ?? ""));
    assert.deepEqual(await offered("bash", ["record", "import", "stol"]), []);
  });
}
