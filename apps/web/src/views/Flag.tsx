import type { ReactNode } from "react";
import { flagWords } from "./flagWords.ts";
import { useWords } from "./useWords.ts";

/** The record's own interpretation code: an arrow with words; nothing is judged here. */
export function Flag({ flag }: { readonly flag: string | undefined }): ReactNode {
  const { t } = useWords();
  if (flag === undefined) return null;
  const { sign, text } = flagWords(flag, t);
  return (
    <span className={flag === "N" ? "flag quiet" : "flag"}>
      <span aria-hidden="true">{sign}</span> {text}
    </span>
  );
}
