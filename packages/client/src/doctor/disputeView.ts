import type { WrittenItem } from "../items.ts";
import type { DisputeView, RecordSummary } from "../model.ts";

/** A record that this doctor wrote, with what is known of why its versions are disputed. */
export function withDisputes(record: RecordSummary, item: WrittenItem): RecordSummary {
  const versions = record.versions.map((version) =>
    version.state === "disputed"
      ? { ...version, dispute: disputeView(item.disputes[version.digest]) }
      : version,
  );
  return { ...record, versions };
}

function disputeView(kept: string | null | undefined): DisputeView {
  if (kept === undefined) return { reason: "missing" };
  return kept === null ? { reason: "mismatch" } : { reason: "signed", text: kept };
}
