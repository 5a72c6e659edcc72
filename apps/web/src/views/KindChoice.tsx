import { Checkbox } from "@mantine/core";
import type { ReactNode } from "react";
import { useWords } from "./useWords.ts";

/** Chooses categories of records. */
export function KindChoice(props: {
  readonly label: string;
  readonly all: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly error?: string | undefined;
}): ReactNode {
  const { label, all, chosen, onChange, error } = props;
  const { term } = useWords();
  return (
    <Checkbox.Group
      label={label}
      value={[...chosen]}
      onChange={(next) => onChange(all.filter((category) => next.includes(category)))}
      error={error}
    >
      <div className="kind-choice">
        {all.map((category) => (
          <Checkbox key={category} value={category} label={term("category", category)} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
