import { Command, CommanderError } from "commander";
import { commandTable } from "./commandTable.ts";
import type { CommandModule } from "./commandTable.ts";
import { exitCodeOf, printError, printResult, usageError } from "./output.ts";
import type { CommandOptions } from "./options.ts";

const groups: Readonly<Record<string, string>> = {
  person: "enrol people",
  visit: "open visits",
  record: "write, read, confirm and dispute records",
  access: "ask for access, grant and revoke it",
  proof: "carry proofs of records out, and check them offline",
};

/** Everything that `--help` can show without loading a single command. */
function buildProgram(): Command {
  const program = new Command("anamnesis");
  program
    .description("A patient's medical history, across hospitals, opened by the patient's consent")
    .option("--dir <dir>", "the federation's folder", "./.anamnesis")
    .option("--json", "answer with one JSON object; errors too, on standard error")
    .option("--passphrase-file <file>", "file that holds the passphrase of the device in use")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 fault inside, 2 wrong input, 3 not found,\n4 not allowed, 5 refused or broken, 6 not available now.",
    )
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });

  const parents = new Map<string, Command>([["", program]]);
  for (const [words, { summary, load }] of Object.entries(commandTable)) {
    const [first = "", second] = words.split(" ");
    const group = second === undefined ? program : groupOf(parents, program, first);
    const command = group
      .command(second ?? first)
      .summary(summary)
      .description(summary);
    loaders.set(command, load);
  }
  for (const parent of parents.values()) {
    parent.hook("preSubcommand", async (_parent, command) => {
      const load = loaders.get(command);
      if (load !== undefined) attach(command, await load());
    });
  }
  return program;
}

const loaders = new Map<Command, () => Promise<CommandModule>>();

function groupOf(parents: Map<string, Command>, program: Command, word: string): Command {
  const known = parents.get(word);
  if (known !== undefined) return known;
  const group = program.command(word).description(groups[word] ?? word);
  parents.set(word, group);
  return group;
}

/** Gives a loaded command its options and its action. */
function attach(command: Command, module: CommandModule): void {
  module.define(command);
  command.action(async () => {
    const isDirGiven = command.getOptionValueSourceWithGlobals("dir") === "cli";
    const options = { ...command.optsWithGlobals<CommandOptions>(), isDirGiven };
    const result = await module.run(options, command.processedArgs as unknown[]);
    if (result !== undefined) await printResult(result, options.json === true);
    if (result?.exitCode !== undefined) process.exitCode = result.exitCode;
  });
}

/** Parses the words, loads the one command that is meant, prints what it answers, and sets the exit code. */
export async function runProgram(args: readonly string[]): Promise<void> {
  const json = args.includes("--json");
  try {
    await buildProgram().parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const problem = error instanceof CommanderError ? usageError(error) : error;
    printError(problem, json);
    process.exitCode = exitCodeOf(problem);
  }
}
