import type { RecordState } from "@anamnesis/client";
import type { ReactNode } from "react";
import { useI18n } from "../i18n/I18n.tsx";

/** A record's state as shape and words: a tick in a disc, an empty ring, a triangle. Colour only underlines it. */
export function StateMark(props: {
  readonly state: RecordState;
  readonly reader: "patient" | "doctor";
}): ReactNode {
  const { state, reader } = props;
  const { t } = useI18n();
  return (
    <span className={`mark mark-${state}`}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        {shapes[state]}
      </svg>
      {t(reader === "doctor" ? `state.${state}Doctor` : `state.${state}`)}
    </span>
  );
}

const shapes: Readonly<Record<RecordState, ReactNode>> = {
  confirmed: (
    <>
      <circle cx="8" cy="8" r="7.5" fill="currentColor" />
      <path d="M4.5 8.2l2.4 2.4 4.6-5" fill="none" stroke="var(--paper)" strokeWidth="1.8" />
    </>
  ),
  unconfirmed: (
    <circle
      cx="8"
      cy="8"
      r="6.5"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeDasharray="2.6 1.6"
    />
  ),
  disputed: (
    <>
      <path d="M8 1l7.4 13.5H.6z" fill="currentColor" />
      <path d="M8 6v4M8 11.4v1.6" stroke="var(--paper)" strokeWidth="1.6" />
    </>
  ),
};
