import type { Issue, Rule } from "./issue.ts";

/** What validation found, small enough to be stored beside a record: plain data without values of the record. */
export interface Verdict {
  /** The version of the checks; a record is judged anew when it changes. */
  readonly checks: number;
  readonly errors: number;
  readonly warnings: number;
  /** How often each rule was broken, in the order in which it was first. */
  readonly rules: readonly { readonly rule: Rule; readonly count: number }[];
  /** The first issues, errors before anything else. */
  readonly issues: readonly Pick<Issue, "rule" | "severity" | "expression">[];
}

/** Changes when a check does, so that verdicts can be told apart. */
export const CHECKS_VERSION = 1;
const ISSUES_MAX = 20;
const EXPRESSION_MAX = 200;

/** The verdict on a record's issues; without any, `errors` and `warnings` are 0 and both lists empty. */
export function verdictOf(issues: readonly Issue[], issuesMax: number = ISSUES_MAX): Verdict {
  const count = (severity: Issue["severity"]): number =>
    issues.filter((issue) => issue.severity === severity).length;
  const byRule = Map.groupBy(issues, ({ rule }) => rule);
  const gravest = issues.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return {
    checks: CHECKS_VERSION,
    errors: count("error"),
    warnings: count("warning"),
    rules: [...byRule].map(([rule, found]) => ({ rule, count: found.length })),
    issues: gravest.slice(0, issuesMax).map(({ rule, severity, expression }) => ({
      rule,
      severity,
      expression: expression.slice(0, EXPRESSION_MAX),
    })),
  };
}

const ORDER: readonly Issue["severity"][] = ["error", "warning", "information"];
