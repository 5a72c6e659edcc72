import type { Command, Option } from "commander";

/** What may stand in one place of a command line. */
export type Candidates =
  | { readonly what: "words"; readonly words: readonly string[] }
  | { readonly what: "files" | "folders" }
  /** Those whose devices lie in the federation's folder. */
  | { readonly what: "people" }
  /** Nothing that a shell could know. */
  | { readonly what: "anything" };

export interface CompletedOption {
  readonly flag: string;
  readonly description: string;
  /** Of its value; `undefined` for an option without one. */
  readonly value: Candidates | undefined;
}

/** What a shell completes after the words of a command, or of a group of commands. */
export interface Completed {
  /** `record list`; `record`, a group; empty, the program. */
  readonly words: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** Of its arguments; in a group the commands. */
  readonly next: Candidates;
}

/** The program, its groups and its commands, each with what may follow. @param program - With every option defined. */
export function completionsOf(program: Command): readonly Completed[] {
  const everywhere = program.options.map(completedOption);
  const walk = (command: Command, words: readonly string[]): readonly Completed[] => {
    const own = command === program ? [] : command.options.map(completedOption);
    const [argument] = command.registeredArguments;
    const completed: Completed = {
      words: words.join(" "),
      description: command.summary() === "" ? command.description() : command.summary(),
      options: [...own, ...everywhere, help],
      next:
        command.commands.length > 0
          ? { what: "words", words: command.commands.map((each) => each.name()) }
          : candidatesFor(argument?.name(), argument?.argChoices),
    };
    return [completed, ...command.commands.flatMap((each) => walk(each, [...words, each.name()]))];
  };
  return walk(program, []);
}

const help: CompletedOption = { flag: "--help", description: "show help", value: undefined };

function completedOption(option: Option): CompletedOption {
  const [, placeholder] = /<(.+)>/.exec(option.flags) ?? [];
  return {
    flag: option.long ?? option.flags,
    description: option.description,
    value: placeholder === undefined ? undefined : candidatesFor(placeholder, option.argChoices),
  };
}

/** By the placeholder that `--help` shows, such as `<file>`. */
function candidatesFor(
  placeholder: string | undefined,
  choices: readonly string[] | undefined,
): Candidates {
  if (choices !== undefined) return { what: "words", words: choices };
  if (placeholder === "file") return { what: "files" };
  if (placeholder === "dir") return { what: "folders" };
  if (/^(?:patient|doctor|person)$/.test(placeholder ?? "")) return { what: "people" };
  return { what: "anything" };
}
