/** One measured figure. `ratio` is value / ceiling; `target` bounds it from below, for times and memory from above. */
export interface Row {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** The best that this machine can do for the work's primitives, in the same unit. */
  readonly ceiling: number;
  readonly ratio: number;
  readonly target: number;
  readonly met: boolean;
}

export type Figure = Omit<Row, "ratio" | "met">;

export function atLeast(figure: Figure): Row {
  const ratio = figure.value / figure.ceiling;
  return { ...figure, ratio, met: ratio >= figure.target };
}

export function atMost(figure: Figure): Row {
  const ratio = figure.value / figure.ceiling;
  return { ...figure, ratio, met: ratio <= figure.target };
}
