/** A handful of codes; the displays are our own words. See NOTICE for the owners of the code systems. */

export interface Disease {
  readonly icd10: string;
  readonly snomed: string;
  readonly text: string;
  readonly chinese: string;
  readonly medicine: Medicine;
}

export interface Medicine {
  readonly atc: string;
  readonly text: string;
  readonly dosage: string;
}

export interface LabTest {
  readonly loinc: string;
  readonly text: string;
  readonly unit: string;
  readonly ucum: string;
  readonly digits: number;
  /** Bounds of what is drawn, and of the reference range, in the last place. */
  readonly drawn: readonly [number, number];
  readonly normal: readonly [number, number];
}

export const diseases: readonly Disease[] = [
  {
    icd10: "I10",
    snomed: "38341003",
    text: "High blood pressure",
    chinese: "高血压",
    medicine: { atc: "C08CA01", text: "Amlodipine 5 mg tablet", dosage: "One tablet each morning" },
  },
  {
    icd10: "E11.9",
    snomed: "44054006",
    text: "Type 2 diabetes",
    chinese: "2型糖尿病",
    medicine: {
      atc: "A10BA02",
      text: "Metformin 500 mg tablet",
      dosage: "One tablet twice a day with meals",
    },
  },
  {
    icd10: "E78.5",
    snomed: "55822004",
    text: "High blood lipids",
    chinese: "高脂血症",
    medicine: {
      atc: "C10AA05",
      text: "Atorvastatin 20 mg tablet",
      dosage: "One tablet each evening",
    },
  },
  {
    icd10: "I63.9",
    snomed: "230690007",
    text: "Stroke, ischaemic",
    chinese: "缺血性脑卒中",
    medicine: {
      atc: "B01AC04",
      text: "Clopidogrel 75 mg tablet",
      dosage: "One tablet each morning",
    },
  },
  {
    icd10: "J45.9",
    snomed: "195967001",
    text: "Asthma",
    chinese: "哮喘",
    medicine: {
      atc: "R03AC02",
      text: "Salbutamol 100 microgram inhaler",
      dosage: "Two puffs when short of breath",
    },
  },
  {
    icd10: "J06.9",
    snomed: "54150009",
    text: "Upper respiratory infection",
    chinese: "上呼吸道感染",
    medicine: {
      atc: "N02BE01",
      text: "Paracetamol 500 mg tablet",
      dosage: "One tablet up to three times a day",
    },
  },
];

export const labTests: readonly LabTest[] = [
  lab("2823-3", "Potassium in serum", "mmol/L", "mmol/L", 2, [320, 580], [350, 510]),
  lab("2951-2", "Sodium in serum", "mmol/L", "mmol/L", 0, [132, 148], [136, 145]),
  lab("14682-9", "Creatinine in serum", "µmol/L", "umol/L", 0, [48, 140], [59, 104]),
  lab("15074-8", "Glucose in blood", "mmol/L", "mmol/L", 1, [41, 129], [39, 61]),
  lab("4548-4", "Haemoglobin A1c", "%", "%", 1, [48, 92], [40, 60]),
  lab("14647-2", "Cholesterol in serum", "mmol/L", "mmol/L", 2, [340, 710], [310, 520]),
  lab("718-7", "Haemoglobin in blood", "g/dL", "g/dL", 1, [102, 172], [120, 160]),
  lab("6690-2", "White cells in blood", "10³/µL", "10*3/uL", 2, [310, 1290], [400, 1000]),
];

export const vitalSigns: readonly LabTest[] = [
  lab("8867-4", "Heart rate", "/min", "/min", 0, [54, 104], [60, 100]),
  lab("8310-5", "Body temperature", "°C", "Cel", 1, [361, 383], [361, 372]),
  lab("29463-7", "Body weight", "kg", "kg", 1, [480, 1040], [480, 1040]),
];

export const bloodPressure = {
  loinc: "85354-9",
  text: "Blood pressure",
  systolic: lab("8480-6", "Systolic pressure", "mmHg", "mm[Hg]", 0, [104, 168], [90, 139]),
  diastolic: lab("8462-4", "Diastolic pressure", "mmHg", "mm[Hg]", 0, [62, 102], [60, 89]),
} as const;

export const people: readonly { readonly name: string; readonly sex: "female" | "male" }[] = [
  { name: "林若溪", sex: "female" },
  { name: "周明远", sex: "male" },
  { name: "沈嘉禾", sex: "female" },
  { name: "郑启航", sex: "male" },
  { name: "苏晚晴", sex: "female" },
  { name: "顾文博", sex: "male" },
  { name: "Ada Holloway", sex: "female" },
  { name: "Bennet Crane", sex: "male" },
  { name: "Clara Ostrander", sex: "female" },
  { name: "Dorian Vale", sex: "male" },
  { name: "Élodie Marchetti", sex: "female" },
  { name: "Ferran Iturbe", sex: "male" },
];

export const doctors: readonly string[] = [
  "Dr Lena Whitlock",
  "李静医生",
  "Dr Omar Castellan",
  "陈立言医生",
  "Dr Priya Nandakumar",
  "吴思远医生",
];

export const imagingFindings: readonly string[] = [
  "No bleeding seen. Small old lacunar lesion on the left.",
  "Lungs clear. Heart size within the usual range.",
  "No fracture seen. Mild degenerative change.",
];

function lab(
  loinc: string,
  text: string,
  unit: string,
  ucum: string,
  digits: number,
  drawn: readonly [number, number],
  normal: readonly [number, number],
): LabTest {
  return { loinc, text, unit, ucum, digits, drawn, normal };
}
