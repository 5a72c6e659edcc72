/**
 * One measured figure and what it is measured against: a *ceiling* (the same work by the bare library, measured in the
 * same run, so that the ratio survives a noisy machine) or a *budget* (a fixed figure). Value and reference have one
 * unit; what must hold is said of their ratio.
 */
export interface Row {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly against: "ceiling" | "budget";
  /** The measured ceiling or the budget. */
  readonly reference: number;
  /** value / reference */
  readonly ratio: number;
  readonly wanted: "at least" | "at most";
  /** Bound of the ratio; 1 for a budget. */
  readonly target: number;
  readonly met: boolean;
  /** Of the chain in slips, when the measuring began and when it ended. */
  readonly length?: readonly [number, number];
}

/** A measured figure by itself. */
export interface Figure {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly length?: readonly [number, number];
}

/** Against what the machine can do: `target` is the share of the ceiling that must be reached. */
export const reaches = (figure: Figure & { ceiling: number; target: number }): Row =>
  row(figure, { against: "ceiling", reference: figure.ceiling, wanted: "at least" }, figure.target);

/** Against what the bare work costs: `target` is how many times that may be taken. */
export const costs = (figure: Figure & { ceiling: number; target: number }): Row =>
  row(figure, { against: "ceiling", reference: figure.ceiling, wanted: "at most" }, figure.target);

/** Against a fixed figure that must not be exceeded. */
export const within = (figure: Figure & { budget: number }): Row =>
  row(figure, { against: "budget", reference: figure.budget, wanted: "at most" }, 1);

/** Against a fixed figure that must be reached. */
export const beyond = (figure: Figure & { budget: number }): Row =>
  row(figure, { against: "budget", reference: figure.budget, wanted: "at least" }, 1);

function row(
  { id, value, unit, length }: Figure,
  measure: Pick<Row, "against" | "reference" | "wanted">,
  target: number,
): Row {
  const ratio = value / measure.reference;
  // A figure that could not be measured is not met.
  const met = measure.wanted === "at least" ? ratio >= target : ratio <= target;
  const at = length === undefined ? {} : { length };
  return { id, value, unit, ...measure, ratio, target, met, ...at };
}
