import { Command, CommanderError } from "commander";
import { commandTable } from "./commandTable.ts";
import type { CommandModule, Row } from "./commandTable.ts";
import { stepAfter } from "./nextStep.ts";
import { exitCodeOf, printError, printResult, usageError } from "./output.ts";
import type { CommandOptions } from "./options.ts";
import { productVersion } from "./productVersion.ts";

const groups: Readonly<Record<string, string>> = {
  person: "enrol people",
  doctor: "add to what a doctor is",
  staff: "see who works where",
  institution: "let institutions in, suspend and resume them",
  visit: "open visits",
  record: "write, read, confirm and dispute records",
  access: "ask for access, grant and revoke it",
  proof: "carry proofs of records out, and check them offline",
};

/** What is done with a command that was parsed. */
export type Perform = (command: Command, module: CommandModule) => Promise<void>;

/** Everything that `--help` can show without loading a single command. */
export function buildProgram(perform: Perform = runCommand): Command {
  const program = new Command("anamnesis");
  program
    .version(productVersion, "--version", "which version this is")
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
  const rows = new Map<Command, Row>();
  for (const [words, row] of Object.entries(commandTable)) {
    const [first = "", second] = words.split(" ");
    const group = second === undefined ? program : groupOf(parents, program, first);
    const command = group
      .command(second ?? first)
      .summary(row.summary)
      .description(row.summary)
      .addHelpText("after", () => examplesOf(row));
    rows.set(command, row);
  }
  for (const parent of parents.values()) {
    parent.hook("preSubcommand", async (_parent, command) => {
      const module = await rows.get(command)?.load();
      if (module === undefined) return;
      module.define(command);
      command.action(() => perform(command, module));
    });
  }
  return program;
}

const examplesOf = ({ examples }: Row): string =>
  ["", "Examples:", ...examples.map((line) => `  anamnesis ${line}`), ""].join("\n");

function groupOf(parents: Map<string, Command>, program: Command, word: string): Command {
  const known = parents.get(word);
  if (known !== undefined) return known;
  const group = program.command(word).description(groups[word] ?? word);
  parents.set(word, group);
  return group;
}

async function runCommand(command: Command, module: CommandModule): Promise<void> {
  const options = optionsOf(command);
  const result = await module.run(options, command.processedArgs as unknown[]);
  if (result !== undefined) await printResult(result, options.json === true);
  if (result?.exitCode !== undefined) process.exitCode = result.exitCode;
}

export const optionsOf = (command: Command): CommandOptions => ({
  ...command.optsWithGlobals<CommandOptions>(),
  isDirGiven: command.getOptionValueSourceWithGlobals("dir") === "cli",
});

/** Every command with its options and arguments. */
export async function wholeProgram(): Promise<Command> {
  const program = buildProgram();
  for (const [words, { load }] of Object.entries(commandTable)) {
    const command = words
      .split(" ")
      .reduce(
        (group, word) => group.commands.find((each) => each.name() === word) ?? group,
        program,
      );
    (await load()).define(command);
  }
  return program;
}

/** Parses the words, loads the one command that is meant, prints what it answers, and sets the exit code. */
export async function runProgram(args: readonly string[]): Promise<void> {
  const json = args.includes("--json");
  try {
    await buildProgram().parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const problem = error instanceof CommanderError ? usageError(error, elsewhere(args)) : error;
    printError(problem, json, (code) => stepAfter(code, args));
    process.exitCode = exitCodeOf(problem);
  }
}

/** The command that a first word belongs to which names none: `grant` means `access grant`. */
function elsewhere([word = ""]: readonly string[]): string | undefined {
  const places = Object.keys(commandTable).filter((words) => words.split(" ")[1] === word);
  return places.length === 0 || Object.hasOwn(groups, word) ? undefined : places.join(" or ");
}
