/** What every command takes. */
export interface GlobalOptions {
  readonly dir: string;
  /** `--dir` was said, not taken by default. */
  readonly isDirGiven: boolean;
  readonly json?: boolean;
  readonly passphraseFile?: string;
}

/** What was said on the command line: a text for options with a value, `true` for those without. */
export type OptionValue = string | boolean | undefined;

/** A command's options: the global ones and its own. */
export type CommandOptions = GlobalOptions & Readonly<Record<string, OptionValue>>;
