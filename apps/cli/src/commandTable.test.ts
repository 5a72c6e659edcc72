import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { commandTable } from "./commandTable.ts";
import type { CommandModule } from "./commandTable.ts";
import type { CommandOptions } from "./options.ts";
import { buildProgram, optionsOf } from "./program.ts";

interface Parsed {
  readonly words: string;
  readonly module: CommandModule;
  readonly options: CommandOptions;
  readonly args: readonly unknown[];
}

/** Parses a command line as the program does, and does nothing of it. */
async function parse(line: string): Promise<Parsed> {
  let parsed: Parsed | undefined;
  const program = buildProgram(async (command, module) => {
    const group = command.parent === program ? "" : `${command.parent?.name()} `;
    const args = command.processedArgs as unknown[];
    parsed = { words: group + command.name(), module, options: optionsOf(command), args };
  });
  await program.parseAsync(wordsOf(line), { from: "user" });
  assert.ok(parsed, line);
  return parsed;
}

/** As a shell splits it: `"two words"` are one. Words in capitals stand for an id. */
const wordsOf = (line: string): string[] =>
  Array.from(line.matchAll(/"([^"]*)"|\S+/g), ([word, quoted]) => quoted ?? word).map((word) =>
    word.replace(/^(?:RECORD|REQUEST|GRANT|FINGERPRINT|PID)(?=@|$)/, "4f".repeat(32)),
  );

/** What starts servers or measures for minutes. */
const starting: ReadonlySet<string> = new Set(["up", "demo", "bench"]);

for (const [words, { summary, examples }] of Object.entries(commandTable)) {
  test(`${words} has a summary, and examples that are its own and well formed`, async () => {
    assert.match(summary, /^[a-z].*[^.]$/);
    assert.ok(examples.length > 0);
    for (const line of examples) {
      const { module, options, args, ...parsed } = await parse(line);
      assert.equal(parsed.words, words, line);
      if (starting.has(words)) continue;
      // Far enough to judge every word of it, and no further: nothing runs there, and no file of that name is there.
      const elsewhere = { ...options, dir: "/nowhere/at/all" };
      await module.run(elsewhere, args).catch((error: Error & { code?: string }) => {
        assert.ok(
          ["NOT_RUNNING", "ENOENT"].includes(error.code ?? ""),
          `${line}: ${error.message}`,
        );
      });
    }
  });
}

test("every command's --help shows its examples and what every command takes", async () => {
  for (const [words, { examples }] of Object.entries(commandTable)) {
    const stdout = await helpOf(words);
    assert.ok(stdout.startsWith(`Usage: anamnesis ${words} `), words);
    for (const said of [
      "--json",
      "--dir <dir>",
      ...examples.map((line) => `\n  anamnesis ${line}\n`),
    ])
      assert.ok(stdout.includes(said), `${words}: ${said}`);
  }
});

async function helpOf(words: string): Promise<string> {
  let text = "";
  const program = buildProgram();
  const write = (command: typeof program): void => {
    command.configureOutput({ writeOut: (said) => (text += said) });
    for (const each of command.commands) write(each);
  };
  write(program);
  await assert.rejects(program.parseAsync([...words.split(" "), "--help"], { from: "user" }), {
    code: "commander.helpDisplayed",
  });
  return text;
}

test("docs/operating/cli.md has a row for every command", async () => {
  const page = await readFile(join(import.meta.dirname, "../../../docs/operating/cli.md"), "utf8");
  for (const words of Object.keys(commandTable))
    assert.ok(new RegExp(`^\\| \`${words}[ \`]`, "m").test(page), words);
});
