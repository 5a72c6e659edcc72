import type { GrantSummary, RecordSummary } from "@anamnesis/client";

/** What one patient lets a doctor read. */
export interface PatientRecords {
  readonly patient: { readonly fingerprint: string; readonly name: string };
  readonly records: readonly RecordSummary[];
  /** Purposes of the grants in force. */
  readonly purposes: readonly string[];
  /** When the last of these grants ends, Unix milliseconds. */
  readonly until?: number;
}

const nobody = { fingerprint: "", name: "" };

/** Groups records by patient, patients by name, records newest first. */
export function byPatient(
  records: readonly RecordSummary[],
  grants: readonly GrantSummary[],
): PatientRecords[] {
  const live = new Map(
    grants.filter(({ status }) => status === "live").map((grant) => [grant.id, grant]),
  );
  const found = new Map<string, RecordSummary[]>();
  for (const record of records) {
    const fingerprint = (record.patient ?? nobody).fingerprint;
    found.set(fingerprint, [...(found.get(fingerprint) ?? []), record]);
  }
  return [...found.values()]
    .map((of): PatientRecords => {
      const used = [...new Set(of.map(({ gid }) => gid))].flatMap(
        (gid) => live.get(gid ?? "") ?? [],
      );
      const until = used.length === 0 ? undefined : Math.max(...used.map((grant) => grant.until));
      return {
        patient: of[0]?.patient ?? nobody,
        records: of.toSorted((a, b) => b.time - a.time),
        purposes: [...new Set(used.flatMap(({ purposes }) => purposes))],
        ...(until !== undefined && { until }),
      };
    })
    .toSorted((a, b) => a.patient.name.localeCompare(b.patient.name));
}
