import type { Candidates, Completed } from "./completions.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** The script that completes `anamnesis` in a shell. It knows every command by itself and starts no process of ours. */
export function completionScript(shell: Shell, all: readonly Completed[]): readonly string[] {
  if (shell === "fish") return fishScript(all);
  return [...candidatesFunction(all), ...(shell === "bash" ? bashWrapper : zshWrapper)];
}

const valueFlags = (all: readonly Completed[]): readonly string[] => [
  ...new Set(
    all.flatMap(({ options }) => options.filter(({ value }) => value).map(({ flag }) => flag)),
  ),
];

/** What a shell puts between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const printing = (candidates: Candidates): string => {
  switch (candidates.what) {
    case "words":
      return `printf '%s\\n' ${candidates.words.map(quoted).join(" ")}`;
    case "people":
      return `ls -1 "$folder/devices" 2>/dev/null`;
    case "files":
    case "folders":
      return `echo :${candidates.what}`;
    case "anything":
      return ":";
  }
};

/** For bash and zsh alike: prints candidates, one a line, or `:files` or `:folders`. Its arguments: the word that is being completed, then those before it. */
function candidatesFunction(all: readonly Completed[]): readonly string[] {
  const longestFirst = all.toSorted((one, other) => other.words.length - one.words.length);
  return [
    "_anamnesis_candidates() {",
    `  local current="$1" said="" before="" folder=./.anamnesis command="" word`,
    "  shift",
    `  for word in "$@"; do`,
    `    case "$before" in`,
    `      --dir) folder="$word"; before=""; continue ;;`,
    `      ${valueFlags(all).join("|")}) before=""; continue ;;`,
    "    esac",
    `    case "$word" in`,
    `      -*) before="$word" ;;`,
    `      *) before=""; said="$said $word" ;;`,
    "    esac",
    "  done",
    `  case "$said " in`,
    ...longestFirst
      .filter(({ words }) => words !== "")
      .map(({ words }) => `    " ${words} "*) command="${words}" ;;`),
    "  esac",
    `  case "$command $before" in`,
    ...all.flatMap(({ words, options }) =>
      options.flatMap(({ flag, value }) =>
        value === undefined ? [] : [`    "${words} ${flag}") ${printing(value)}; return ;;`],
      ),
    ),
    "  esac",
    `  case "$command,$current" in`,
    ...all.flatMap(({ words, options, next }) => [
      `    "${words}",-*) printf '%s\\n' ${options.map(({ flag }) => flag).join(" ")} ;;`,
      `    "${words}",*) ${printing(next)} ;;`,
    ]),
    "  esac",
    "}",
  ];
}

// Names are quoted and never expanded: a folder that somebody else made could hold a name that is a command.
const bashWrapper: readonly string[] = [
  "_anamnesis() {",
  `  local current="\${COMP_WORDS[COMP_CWORD]}" candidates each`,
  `  candidates="$(_anamnesis_candidates "$current" "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"`,
  "  COMPREPLY=()",
  `  case "$candidates" in`,
  `    :files) compopt -o filenames 2>/dev/null; while IFS= read -r each; do COMPREPLY+=("$each"); done < <(compgen -f -- "$current") ;;`,
  `    :folders) compopt -o filenames 2>/dev/null; while IFS= read -r each; do COMPREPLY+=("$each"); done < <(compgen -d -- "$current") ;;`,
  `    *) while IFS= read -r each; do [[ -n "$each" && "$each" == "$current"* ]] && COMPREPLY+=("$(printf %q "$each")"); done <<<"$candidates" ;;`,
  "  esac",
  "}",
  "complete -F _anamnesis anamnesis",
];

const zshWrapper: readonly string[] = [
  "_anamnesis() {",
  "  local candidates",
  `  candidates="$(_anamnesis_candidates "\${words[CURRENT]}" "\${(@)words[2,CURRENT-1]}")"`,
  `  case "$candidates" in`,
  "    :files) _files ;;",
  "    :folders) _files -/ ;;",
  `    *) compadd -- \${(f)candidates} ;;`,
  "  esac",
  "}",
  "if (( ! $+functions[compdef] )); then autoload -Uz compinit; compinit; fi",
  "compdef _anamnesis anamnesis",
];

function fishScript(all: readonly Completed[]): readonly string[] {
  const fishQuoted = (text: string): string =>
    `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const values = (candidates: Candidates): string => {
    switch (candidates.what) {
      case "words":
        return `-x -a ${fishQuoted(candidates.words.join(" "))}`;
      case "people":
        return "-x -a '(__anamnesis_people)'";
      case "files":
        return "-r -F";
      case "folders":
        return "-x -a '(__fish_complete_directories)'";
      case "anything":
        return "-x";
    }
  };
  const begin = "complete -c anamnesis";
  return [
    "# The command's words before the cursor, without options and their values; then the federation's folder.",
    "function __anamnesis_said",
    "  set -l before ''",
    "  set -l folder ./.anamnesis",
    "  set -l said",
    "  for word in (commandline -opc)[2..]",
    "    if test \"$before\" = --dir; set folder $word; set before ''; continue; end",
    `    if contains -- "$before" ${valueFlags(all).join(" ")}; set before ''; continue; end`,
    "    if string match -q -- '-*' $word; set before $word; else; set before ''; set -a said $word; end",
    "  end",
    '  echo "$said"',
    "  echo $folder",
    "end",
    "function __anamnesis_is",
    "  set -l said (__anamnesis_said)[1]",
    '  test "$said" = "$argv"; or string match -q -- "$argv *" "$said"',
    "end",
    "function __anamnesis_is_just",
    '  test (__anamnesis_said)[1] = "$argv"',
    "end",
    "function __anamnesis_people",
    "  ls -1 (__anamnesis_said)[2]/devices 2>/dev/null",
    "end",
    `${begin} -f`,
    ...all.flatMap(({ words, options, next }) => {
      const isGroup = all.some(
        (each) => each.words.startsWith(`${words} `.trimStart()) && each.words !== words,
      );
      const where = isGroup
        ? `-n ${fishQuoted(`__anamnesis_is_just ${words}`.trimEnd())}`
        : `-n ${fishQuoted(`__anamnesis_is ${words}`)}`;
      const following =
        isGroup && next.what === "words"
          ? next.words.map((word) => {
              const child = all.find((each) => each.words === `${words} ${word}`.trimStart());
              return `${begin} ${where} -a ${fishQuoted(word)} -d ${fishQuoted(child?.description ?? "")}`;
            })
          : next.what === "anything"
            ? []
            : [`${begin} ${where} ${values(next).replace(/^-[xr] /, "")}`];
      return [
        ...following,
        ...options.map(({ flag, description, value }) =>
          [
            `${begin} ${where} -l ${flag.slice(2)}`,
            ...(value === undefined ? [] : [values(value)]),
            `-d ${fishQuoted(description)}`,
          ].join(" "),
        ),
      ];
    }),
  ];
}
