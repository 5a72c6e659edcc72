import type { JsonObject } from "../json.ts";
import { writeJson } from "../json.ts";
import { toUtf8 } from "../text.ts";
import { diseases, labTests, people } from "./catalogue.ts";
import type { Disease } from "./catalogue.ts";
import { Random } from "./random.ts";
import { coded, make, quantity, refer } from "./resources.ts";
import type { Made } from "./resources.ts";

/** What one institution knows of a life: a transaction Bundle as its system would export it. */
export interface KnownPart {
  readonly institution: string;
  readonly bytes: Uint8Array;
}

/** What is so, by code, whatever any single institution knows of it. */
export interface LifeTruth {
  readonly activeProblems: readonly string[];
  readonly endedProblems: readonly string[];
  readonly activeMedicines: readonly string[];
  readonly endedMedicines: readonly string[];
  readonly allergies: readonly string[];
  /** `LOINC code @ instant = value`, the value without zeros that say nothing. */
  readonly results: readonly string[];
  /** The institutions that know each of the above, by its code or text. */
  readonly knownBy: Readonly<Record<string, readonly string[]>>;
  /** Codes or texts on which two institutions contradict each other. */
  readonly contradicted: readonly string[];
}

export interface SyntheticLife {
  readonly person: { readonly name: string; readonly birthDate: string };
  readonly parts: readonly KnownPart[];
  readonly truth: LifeTruth;
}

const ALLERGIES = [
  { snomed: "91936005", text: "Allergy to penicillin", reaction: "Rash" },
  { snomed: "91935009", text: "Allergy to peanuts", reaction: "Swelling of the lips" },
  { snomed: "300916003", text: "Allergy to latex", reaction: "Itching" },
] as const;

const SCT = "http://snomed.info/sct";
const LOINC = "http://loinc.org";
const ICD10 = "http://hl7.org/fhir/sid/icd-10";
const ATC = "http://www.whocc.no/atc";
const TERMS = "http://terminology.hl7.org/CodeSystem";
const NAMES = [
  "Harbour Hospital",
  "河湾医院",
  "Northgate Clinic",
  "Lindenhof Rehabilitation",
  "云诊在线",
];

/**
 * One person known to several institutions, each of which knows a part, and what is so in truth. Between them they repeat
 * and contradict each other, learn late that something ended, and enter something in error that is not true of anybody.
 */
export function syntheticLife(seed: number, institutions = 5): SyntheticLife {
  const random = new Random(seed);
  const life = new Life(seed, NAMES.slice(0, institutions), random);
  const { name, sex } = random.pick(people);
  const birthDate = `${random.integer(1935, 1999)}-0${random.integer(1, 9)}-1${random.integer(0, 9)}`;
  life.begin({ name, sex, birthDate, seed });
  const chosen = random.some(diseases, 4);
  for (const [i, disease] of chosen.entries()) {
    life.tellProblem(disease, i % 2 === 1);
    life.tellMedicine(disease, i % 2 === 1, i === 0);
  }
  for (const allergy of random.some(ALLERGIES, 2)) life.tellAllergy(allergy);
  for (const [i, test] of random.some(labTests, 4).entries()) life.tellResult(test, i, i === 0);
  const untrue = diseases.find((disease) => !chosen.includes(disease));
  if (untrue !== undefined) life.tellInError(untrue);
  return { person: { name, birthDate }, ...life.told() };
}

/** Writes what each institution knows, and keeps the books of what is so. */
class Life {
  private readonly entries = new Map<string, Made[]>();
  private readonly patients = new Map<string, Made>();
  private readonly knownBy = new Map<string, string[]>();
  private readonly books = {
    activeProblems: [] as string[],
    endedProblems: [] as string[],
    activeMedicines: [] as string[],
    endedMedicines: [] as string[],
    allergies: [] as string[],
    results: [] as string[],
    contradicted: [] as string[],
  };

  private readonly seed: number;
  private readonly places: readonly string[];
  private readonly random: Random;

  constructor(seed: number, places: readonly string[], random: Random) {
    this.seed = seed;
    this.places = places;
    this.random = random;
  }

  begin(person: { name: string; sex: string; birthDate: string; seed: number }): void {
    for (const place of this.places) {
      const patient = make(["life", this.seed, place, "patient"], "Patient", {
        identifier: [
          { system: "urn:x-anamnesis:synthetic", value: `L${person.seed}` },
          {
            system: `urn:x-anamnesis:synthetic:${this.places.indexOf(place)}`,
            value: `P${person.seed}`,
          },
        ],
        name: [{ text: person.name }],
        gender: person.sex,
        birthDate: person.birthDate,
      });
      this.patients.set(place, patient);
      this.entries.set(place, [patient]);
    }
  }

  /** At least two institutions know it; who knows it first learns of its end at a later place only. */
  tellProblem(disease: Disease, ended: boolean): void {
    const places = this.knowing(disease.icd10);
    for (const [i, place] of places.entries()) {
      const over = ended && i === places.length - 1;
      // One system has SNOMED CT alone, another calls it by its own words.
      const codings: JsonObject[] = [
        ...(i === 1 ? [] : [{ system: ICD10, code: disease.icd10, display: disease.text }]),
        { system: SCT, code: disease.snomed, display: disease.text },
      ];
      this.add(place, ["problem", disease.icd10], "Condition", {
        clinicalStatus: status("condition-clinical", over ? "resolved" : "active"),
        verificationStatus: status("condition-ver-status", "confirmed"),
        code: { coding: codings, text: i === 0 ? disease.text : disease.chinese },
        subject: this.patientAt(place),
        recordedDate: day(2020 + i, i),
        ...(over && { abatementDateTime: day(2025, i) }),
      });
    }
    (ended ? this.books.endedProblems : this.books.activeProblems).push(disease.icd10);
    if (ended) this.books.contradicted.push(disease.icd10);
  }

  tellMedicine({ medicine }: Disease, ended: boolean, contradicted: boolean): void {
    const places = this.knowing(medicine.atc);
    for (const [i, place] of places.entries()) {
      const last = i === places.length - 1;
      this.add(place, ["medicine", medicine.atc], "MedicationRequest", {
        status: ended && last ? "stopped" : "active",
        intent: "order",
        medicationCodeableConcept: coded(ATC, medicine.atc, medicine.text),
        subject: this.patientAt(place),
        authoredOn: day(2021 + i, i),
        dosageInstruction: [
          { text: contradicted && last ? "Half a tablet each morning" : medicine.dosage },
        ],
      });
    }
    (ended ? this.books.endedMedicines : this.books.activeMedicines).push(medicine.atc);
    if (ended || contradicted) this.books.contradicted.push(medicine.atc);
  }

  tellAllergy(allergy: (typeof ALLERGIES)[number]): void {
    for (const [i, place] of this.knowing(allergy.snomed).entries())
      this.add(place, ["allergy", allergy.snomed], "AllergyIntolerance", {
        clinicalStatus: status("allergyintolerance-clinical", "active"),
        verificationStatus: status("allergyintolerance-verification", "confirmed"),
        code: coded(SCT, allergy.snomed, allergy.text),
        patient: this.patientAt(place),
        recordedDate: day(2019 + i, i),
        reaction: [{ manifestation: [{ text: allergy.reaction }] }],
      });
    this.books.allergies.push(allergy.snomed);
  }

  /** One measurement, passed on: the second system writes it in another time zone and with another zero. */
  tellResult(test: (typeof labTests)[number], number: number, contradicted: boolean): void {
    const tenths = this.random.integer(test.drawn[0], test.drawn[1]);
    const value = Number((tenths / 10 ** test.digits).toFixed(test.digits));
    const moment = `2024-0${number + 1}-1${number}T08:00:00`;
    const fact = `${test.loinc} @ ${new Date(`${moment}+08:00`).toISOString()} = ${value}`;
    for (const [i, place] of this.knowing(fact).entries())
      this.add(place, ["result", test.loinc, number], "Observation", {
        status: "final",
        category: [{ coding: [{ system: `${TERMS}/observation-category`, code: "laboratory" }] }],
        code: coded(LOINC, test.loinc, test.text),
        subject: this.patientAt(place),
        effectiveDateTime: i === 0 ? `${moment}+08:00` : `${moment.replace("T08", "T00")}Z`,
        valueQuantity: quantity(
          test,
          contradicted && i > 0 ? String(value + 1) : i === 0 ? String(value) : value.toFixed(3),
        ),
      });
    this.books.results.push(fact);
    if (contradicted) this.books.contradicted.push(test.loinc);
  }

  tellInError(disease: Disease): void {
    const place = this.random.pick(this.places);
    this.add(place, ["problem", "in-error", disease.icd10], "Condition", {
      verificationStatus: status("condition-ver-status", "entered-in-error"),
      code: coded(ICD10, disease.icd10, disease.text),
      subject: this.patientAt(place),
      recordedDate: day(2023, 1),
    });
  }

  told(): Pick<SyntheticLife, "parts" | "truth"> {
    const parts = this.places.map((institution) => ({
      institution,
      bytes: toUtf8(
        writeJson({
          resourceType: "Bundle",
          type: "transaction",
          entry: (this.entries.get(institution) ?? []).map(({ fullUrl, resource }) => ({
            fullUrl,
            resource,
            request: { method: "POST", url: resource.resourceType },
          })),
        }),
      ),
    }));
    return { parts, truth: { ...this.books, knownBy: Object.fromEntries(this.knownBy) } };
  }

  /** Two or three of the institutions, in the order in which they learned of it. */
  private knowing(fact: string): string[] {
    const places = this.random.some(this.places, this.random.integer(2, 3));
    this.knownBy.set(fact, places);
    return places;
  }

  private patientAt(place: string): JsonObject {
    return refer(this.patients.get(place)!);
  }

  private add(
    place: string,
    name: readonly (string | number)[],
    type: string,
    content: JsonObject,
  ): void {
    this.entries.get(place)?.push(make(["life", this.seed, place, ...name], type, content));
  }
}

const day = (year: number, month: number): string => `${year}-0${month + 1}-15`;

const status = (system: string, code: string): JsonObject => ({
  coding: [{ system: `${TERMS}/${system}`, code }],
});
