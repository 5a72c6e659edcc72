/** What an institution may be: the words of `level` in genesis documents and `institution.*` slips. */
export const institutionKinds = [
  "tertiary",
  "secondary",
  "community",
  "specialised",
  "rehabilitation",
  "nursing-home",
  "platform",
  "examination-centre",
  "research-institute",
  "third-party",
  "national-authority",
  "provincial-authority",
  "municipal-authority",
] as const;
export type InstitutionKind = (typeof institutionKinds)[number];

/** Kinds that care for patients: each such institution keeps a chain of its own and names one vault. */
export const careKinds: readonly InstitutionKind[] = [
  "tertiary",
  "secondary",
  "community",
  "specialised",
  "rehabilitation",
  "nursing-home",
  "platform",
  "examination-centre",
];
