import { NativeSelect } from "@mantine/core";
import type { ReactNode } from "react";

/** A filter of a list; the empty value stands for no filter. */
export function FilterSelect(props: {
  readonly label: string;
  readonly all: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}): ReactNode {
  const { label, all, value, options, onChange } = props;
  return (
    <NativeSelect
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: "", label: all }, ...options]}
    />
  );
}
