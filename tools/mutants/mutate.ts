/** The mutants of a source file: the same code with one fault, each behind a switch that is off. */
import { stripTypeScriptTypes } from "node:module";
import { parse } from "acorn";
import { faultsOf, type Fault } from "./faults.ts";

/** One small fault in a file. Its texts, not a line number, say which: they stay while code moves. */
export interface Mutant {
  /** Path from the project's folder. */
  readonly file: string;
  /** From 1; for people. */
  readonly line: number;
  readonly within: string;
  readonly from: string;
  /** "" where `from` is left out. */
  readonly to: string;
  /** Which of several mutants with these texts; 1 is the first. */
  readonly nth: number;
}

export interface Mutated {
  readonly mutants: readonly Mutant[];
  /** JavaScript on the same lines, in which a switch decides whether the mutant is there. */
  readonly code: string;
}

/** The property of `globalThis` with the switch: for a mutant's number, whether that mutant is on. */
export const SWITCH = "anamnesisMutant";

/**
 * @param first - The number of the file's first mutant.
 * @throws {SyntaxError} if `source` is not erasable TypeScript.
 */
export function mutate(file: string, source: string, first: number): Mutated {
  const text = stripTypeScriptTypes(source);
  const root = parse(text, { ecmaVersion: "latest", sourceType: "module", preserveParens: true });
  const faults = faultsOf(root, text).toSorted((a, b) => a.start - b.start || b.end - a.end);
  const shown = (part: string): string => part.replace(/\s+/g, " ").trim();
  const seen = new Map<string, number>();
  const mutants = faults.map(({ start, end, to, within }) => {
    const texts = { within, from: shown(text.slice(start, end)), to: shown(to ?? "") };
    const nth = (seen.get(JSON.stringify(texts)) ?? 0) + 1;
    seen.set(JSON.stringify(texts), nth);
    return { file, line: text.slice(0, start).split("\n").length, ...texts, nth };
  });
  const code = switched(text, faults, first);
  return { mutants, code: `const isMutant = globalThis.${SWITCH}; ${code}` };
}

/** `text` with every fault behind its switch. @param faults - By start, the widest first. */
function switched(text: string, faults: readonly Fault[], first: number): string {
  let position = 0;
  const until = (from: number, end: number): string => {
    let code = "";
    let at = from;
    for (let fault = faults[position]; fault && fault.start < end; fault = faults[position]) {
      code += text.slice(at, fault.start) + behindSwitches(fault);
      at = fault.end;
    }
    return code + text.slice(at, end);
  };
  const behindSwitches = ({ start, end }: Fault): string => {
    let before = "";
    let after = "";
    for (
      let fault = faults[position];
      fault !== undefined && fault.start === start && fault.end === end;
      fault = faults[position]
    ) {
      const isOn = `isMutant(${first + position})`;
      before += fault.to === undefined ? `{if(!${isOn}){` : `(${isOn}?(${fault.to}):`;
      after = (fault.to === undefined ? "}}" : ")") + after;
      position += 1;
    }
    return before + until(start, end) + after;
  };
  return until(0, text.length);
}
