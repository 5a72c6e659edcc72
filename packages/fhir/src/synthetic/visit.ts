import type { JsonObject } from "../json.ts";
import { escapeXml } from "../text.ts";
import { imagingFindings, labTests, vitalSigns } from "./catalogue.ts";
import type { Disease } from "./catalogue.ts";
import * as made from "./resources.ts";
import type { Made, VisitContext } from "./resources.ts";

export const visitKinds = ["clinic", "inpatient", "online", "imaging"] as const;
export type VisitKind = (typeof visitKinds)[number];

const ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const CLASSES: Readonly<Record<VisitKind, { code: string; display: string; text: string }>> = {
  clinic: { code: "AMB", display: "ambulatory", text: "Clinic visit" },
  inpatient: { code: "IMP", display: "inpatient encounter", text: "Hospital stay" },
  online: { code: "VR", display: "virtual", text: "网上问诊" },
  imaging: { code: "AMB", display: "ambulatory", text: "Imaging appointment" },
};

export interface EncounterParts {
  readonly seed: number;
  readonly visit: number;
  readonly patient: Made;
  readonly doctor: Made;
  readonly institution: Made;
  /** FHIR dateTimes. */
  readonly start: string;
  readonly end: string;
}

export function encounter(kind: VisitKind, parts: EncounterParts): Made {
  const { code, display, text } = CLASSES[kind];
  return made.make([parts.seed, parts.visit, "encounter"], "Encounter", {
    status: "finished",
    class: { system: ACT, code, display },
    type: [{ text }],
    subject: made.refer(parts.patient),
    participant: [{ individual: made.refer(parts.doctor) }],
    period: { start: parts.start, end: parts.end },
    serviceProvider: made.refer(parts.institution),
  });
}

/** What a visit of this kind leaves behind, the encounter not included. */
export function visitResources(kind: VisitKind, context: VisitContext, disease: Disease): Made[] {
  const problem = made.condition(context, disease);
  const medicine = made.prescription(context, disease, problem);
  switch (kind) {
    case "clinic":
      return [
        problem,
        ...vitals(context),
        ...laboratory(context, 4),
        medicine,
        made.claim(context),
      ];
    case "inpatient": {
      const results = laboratory(context, 6);
      const stay = [problem, ...vitals(context), ...results, medicine];
      return [...stay, discharge(context, disease, [problem, medicine]), made.claim(context)];
    }
    case "online":
      return [problem, ...consultation(context, disease), medicine];
    case "imaging":
      return [
        problem,
        made.referral(context, "CT of the head, please"),
        ...made.imaging(context, context.random.pick(imagingFindings)),
      ];
  }
}

function vitals(context: VisitContext): Made[] {
  return [
    made.pressure(context),
    ...vitalSigns.map((sign) => made.observation(context, sign, "vital-signs")),
  ];
}

function laboratory(context: VisitContext, count: number): Made[] {
  const results = context.random
    .some(labTests, count)
    .map((test) => made.observation(context, test, "laboratory"));
  return [...results, made.labReport(context, results)];
}

function consultation(context: VisitContext, disease: Disease): Made[] {
  const days = context.random.integer(2, 9);
  return [
    made.message(
      context,
      1,
      context.patient,
      `医生您好，我有${disease.chinese}，最近${days}天感觉不太舒服，需要换药吗？`,
    ),
    made.message(
      context,
      2,
      context.doctor,
      "您好，请先测量血压和体温，按原方案继续用药。如果加重，请到医院就诊。",
    ),
    made.message(context, 3, context.patient, "好的，谢谢医生。"),
  ];
}

function discharge(context: VisitContext, disease: Disease, entries: readonly Made[]): Made {
  const div = (text: string): JsonObject => ({
    status: "generated",
    div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${escapeXml(text)}</p></div>`,
  });
  return made.make([context.seed, context.visit, "discharge"], "Composition", {
    status: "final",
    type: made.coded("http://loinc.org", "18842-5", "Discharge summary"),
    subject: made.refer(context.patient),
    encounter: made.refer(context.encounter),
    date: context.at,
    author: [made.refer(context.doctor)],
    title: "Discharge summary",
    custodian: made.refer(context.institution),
    section: [
      {
        title: "Course",
        text: div(`Treated for: ${disease.text}. Stable when discharged.`),
        entry: entries.map(made.refer),
      },
      {
        title: "Advice",
        text: div(
          `${disease.medicine.text}: ${disease.medicine.dosage}. See your doctor in two weeks.`,
        ),
      },
    ],
  });
}
