import { compareSubjects, statedSubject } from "@anamnesis/fhir";
import type { Subject, SubjectComparison, SubjectIdentifier } from "@anamnesis/fhir";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Stated } from "@anamnesis/protocol";
import type { Session } from "../session.ts";
import type { KnownPatient } from "./addressBook.ts";
import { openToken } from "./tokens.ts";

/**
 * Whether a file is about the patient it is for, by what this doctor knows of them: what the patient states in visit tokens, the
 * identifier under which the registry attested them where the doctor asked by it, and earlier imports. A stated name that comes
 * alone is what the patient wants to be called, and says nothing of who they are.
 */
export async function compareWith(
  session: Session,
  patient: KnownPatient,
  subject: Subject | undefined,
): Promise<SubjectComparison> {
  const { items } = session.device;
  const [tokens, contacts, earlier] = await Promise.all([
    items.all("token"),
    items.all("contact"),
    items.get("subject", patient.fingerprint),
  ]);
  const stated = tokens
    .filter((item) => item.patient === patient.fingerprint)
    .map((item) => openToken(item).token.stated)
    .filter(identifies)
    .map(statedSubject);
  const attested = contacts
    .filter((item) => item.patient === patient.fingerprint)
    .flatMap(({ name }) => attestedAs(name, subject));
  return compareSubjects(subject, [
    ...stated,
    ...attested,
    ...(earlier?.subjects ?? []).map(asKnown),
  ]);
}

const identifies = ({ birthDate, sex, identifiers }: Stated): boolean =>
  birthDate !== undefined || sex !== undefined || (identifiers ?? []).length > 0;

/** The registry attests a number without saying of which system: it agrees with the file's, or says nothing. */
function attestedAs(number: string, subject: Subject | undefined): readonly Subject[] {
  const plain = (value: string): string => value.replaceAll(/[\s-]/g, "").toLowerCase();
  const same = subject?.identifiers.filter(({ value }) => plain(value) === plain(number)) ?? [];
  return same.length === 0
    ? []
    : [{ identifiers: same, names: [], birthDate: undefined, sex: undefined }];
}

/**
 * @throws {AnamnesisError} OTHER_PATIENT when something speaks of another person, unless a reason is given; it names what
 * differs, never how.
 */
export function refuseConflict(
  { verdict, points }: SubjectComparison,
  { despite, holdsReason }: { readonly despite: string | undefined; readonly holdsReason: boolean },
): void {
  if (verdict !== "conflict" || (despite !== undefined && holdsReason)) return;
  const fields = new Set(
    points.flatMap((point) => (point.verdict === "conflict" ? [nameOf[point.field]] : [])),
  );
  throw new AnamnesisError(
    "OTHER_PATIENT",
    `The file is about another patient by its ${[...fields].join(", ")}; nothing was written. ${holdsReason ? "Look at both, and give a reason (--despite) if it is this patient's nevertheless" : "It is taken byte for byte and cannot hold a reason, want a Bundle that can"}`,
  );
}

const nameOf = {
  identifier: "identifier",
  name: "name",
  birthDate: "birth date",
  sex: "sex",
} as const;

/** What an earlier import said of a patient. */
export interface EarlierSubject {
  readonly identifiers: readonly {
    readonly system: string | null;
    readonly value: string;
    readonly type: string | null;
  }[];
  readonly names: readonly string[];
  readonly birthDate: string | null;
  readonly sex: string | null;
}

const SUBJECTS_MAX = 8;

/** Remembers whom an import was about, so that a later one of somebody else is noticed. */
export async function rememberSubject(
  { device }: Session,
  patient: KnownPatient,
  subject: Subject,
): Promise<void> {
  const kept = asKept(subject);
  const known = (await device.items.get("subject", patient.fingerprint))?.subjects ?? [];
  const others = known.filter((one) => JSON.stringify(one) !== JSON.stringify(kept));
  await device.items.put("subject", patient.fingerprint, {
    patient: patient.fingerprint,
    subjects: [kept, ...others].slice(0, SUBJECTS_MAX),
  });
}

const asKept = ({ identifiers, names, birthDate, sex }: Subject): EarlierSubject => ({
  identifiers: identifiers.map(({ system, value, type }) => ({
    system: system ?? null,
    value,
    type: type ?? null,
  })),
  names,
  birthDate: birthDate ?? null,
  sex: sex ?? null,
});

const asKnown = ({ identifiers, names, birthDate, sex }: EarlierSubject): Subject => ({
  identifiers: identifiers.map(({ system, value, type }): SubjectIdentifier => ({
    system: system ?? undefined,
    value,
    type: type ?? undefined,
  })),
  names,
  birthDate: birthDate ?? undefined,
  sex: sex ?? undefined,
});
