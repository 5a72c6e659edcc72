import type { RecordSummary } from "@anamnesis/client";

/** Why what this doctor wrote is disputed, or that it cannot be said: a line for each disputed version. */
export const disputeLines = (records: readonly RecordSummary[]): string[] =>
  records.flatMap(({ id, versions }) =>
    versions.flatMap(({ n, dispute }) => {
      if (dispute === undefined) return [];
      const which = `${id}@${n} is disputed`;
      switch (dispute.reason) {
        case "signed":
          return [`${which}: ${JSON.stringify(dispute.text)}`];
        case "mismatch":
          return [
            `${which}; the reason that came is not the one that the patient signed, and is not shown`,
          ];
        case "missing":
          return [`${which}; no reason has come`];
      }
    }),
  );
