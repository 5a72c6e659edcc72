/** Versions of FHIR that are told from R4 (4.0.1; 4.3 reads alike). */
export const otherVersions = ["DSTU2", "STU3", "R5"] as const;

export type OtherVersion = (typeof otherVersions)[number];

/** How a marked element is written: a code, a list, an object that is no list, an object that holds `reference` as an object or `concept`. */
export type Shape = "any" | "text" | "list" | "object" | "codeableReference";

/** An element that these versions have and R4 has not, or has in another shape. */
export interface VersionMark {
  readonly path: readonly string[];
  readonly shape: Shape;
  readonly versions: readonly OtherVersion[];
}

/** Resource types that R4 does not have. Source: the resource lists of 1.0.2, 3.0.2 and 5.0.0. */
export const foreignTypes: ReadonlyMap<string, readonly OtherVersion[]> = new Map(
  [
    [
      "DSTU2",
      "Conformance DiagnosticOrder DeviceUseRequest ImagingObjectSelection MedicationOrder Order OrderResponse",
    ],
    [
      "DSTU2 STU3",
      "BodySite DataElement DeviceComponent EligibilityRequest EligibilityResponse ProcedureRequest",
    ],
    ["DSTU2 STU3", "ProcessRequest ProcessResponse ReferralRequest"],
    ["STU3", "ExpansionProfile ImagingManifest Sequence ServiceDefinition"],
    [
      "R5",
      "ActorDefinition ArtifactAssessment BiologicallyDerivedProductDispense ConditionDefinition DeviceAssociation",
    ],
    [
      "R5",
      "DeviceDispense DeviceUsage EncounterHistory FormularyItem GenomicStudy ImagingSelection InventoryItem",
    ],
    [
      "R5",
      "InventoryReport NutritionIntake Permission RequestOrchestration Requirements TestPlan Transport",
    ],
  ].flatMap(([versions = "", types = ""]) =>
    types.split(" ").map((type) => [type, versions.split(" ") as OtherVersion[]] as const),
  ),
);

/** Element paths under the versions that have them; `:shape` where R4 has the element in another one. */
const MARKS: readonly (readonly [versions: string, paths: string])[] = [
  [
    "DSTU2",
    `AllergyIntolerance.status AllergyIntolerance.substance CarePlan.participant CarePlan.relatedPlan Condition.dateRecorded
    Condition.patient Encounter.class:text Immunization.reported Immunization.wasNotGiven MedicationStatement.wasNotTaken
    Medication.product Observation.category:object Observation.comments Patient.careProvider Patient.name.family:list
    Practitioner.name:object Practitioner.practitionerRole Procedure.notPerformed`,
  ],
  [
    "DSTU2 STU3",
    `AllergyIntolerance.clinicalStatus:text AllergyIntolerance.verificationStatus:text Composition.class
    Condition.clinicalStatus:text Condition.verificationStatus:text Device.model DiagnosticReport.codedDiagnosis
    DiagnosticReport.image DocumentReference.class DocumentReference.created DocumentReference.indexed
    Encounter.incomingReferral Encounter.reason.coding Encounter.reason.text Goal.status:text ImagingStudy.accession
    ImagingStudy.availability ImagingStudy.uid Immunization.date Immunization.explanation Medication.isBrand
    Medication.package Observation.related Patient.animal`,
  ],
  [
    "STU3",
    `AllergyIntolerance.assertedDate CarePlan.context CarePlan.definition CareTeam.context Claim.information
    Claim.organization ClinicalImpression.context Communication.context Communication.notDone Condition.assertedDate
    Condition.context Consent.actor Consent.consentingParty Consent.except Coverage.sequence Device.udi
    DiagnosticReport.context DiagnosticReport.performer.actor Encounter.diagnosis.role ExplanationOfBenefit.information
    ExplanationOfBenefit.organization Goal.target:object ImagingStudy.modalityList Immunization.notGiven
    Immunization.practitioner MedicationAdministration.notGiven MedicationAdministration.prescription
    MedicationDispense.notDone MedicationRequest.context MedicationRequest.requester.agent MedicationStatement.taken
    Observation.comment Observation.context Procedure.context Procedure.notDone Provenance.agent.whoReference
    Provenance.agent.whoUri QuestionnaireResponse.context QuestionnaireResponse.parent RiskAssessment.context`,
  ],
  [
    "R5",
    `AllergyIntolerance.participant AllergyIntolerance.type:object Appointment.class Appointment.subject
    AuditEvent.category AuditEvent.code Bundle.issues CarePlan.activity.performedActivity
    CarePlan.activity.plannedActivityReference CarePlan.addresses:codeableReference Communication.reason
    Composition.identifier:list Composition.participant Composition.subject:list Condition.participant
    Condition.evidence:codeableReference Consent.controller Consent.decision Consent.grantor Consent.provision:list
    Coverage.insurer Coverage.kind DetectedIssue.category Device.biologicalSourceEvent Device.name Device.type:list
    DiagnosticReport.composition DiagnosticReport.note DiagnosticReport.study DiagnosticReport.supportingInfo
    DocumentReference.attester DocumentReference.bodySite DocumentReference.context:list DocumentReference.event
    DocumentReference.modality DocumentReference.period Encounter.actualPeriod Encounter.admission Encounter.class:list
    Encounter.participant.actor Encounter.reason.value FamilyMemberHistory.reason ImagingStudy.modality.coding
    ImagingStudy.series.modality.coding Immunization.informationSource Immunization.reason Location.characteristic
    Location.form Medication.doseForm Medication.ingredient.item MedicationAdministration.medication
    MedicationDispense.medication MedicationRequest.informationSource MedicationRequest.medication
    MedicationRequest.reason MedicationStatement.adherence MedicationStatement.medication Observation.bodyStructure
    Observation.triggeredBy Organization.qualification Practitioner.communication.language PractitionerRole.communication
    PractitionerRole.contact Procedure.occurrenceDateTime Procedure.occurrencePeriod Procedure.reason
    Procedure.reportedBoolean Provenance.authorization Provenance.basedOn Provenance.patient
    ServiceRequest.code:codeableReference ServiceRequest.reason Specimen.combined Task.reason Task.requestedPerformer`,
  ],
];

/** The marks by resource type. */
export const versionMarks: ReadonlyMap<string, readonly VersionMark[]> = Map.groupBy(
  MARKS.flatMap(([versions, paths]) =>
    paths
      .trim()
      .split(/\s+/)
      .map((row) => {
        const [dotted = "", shape = "any"] = row.split(":");
        const [type = "", ...path] = dotted.split(".");
        return {
          type,
          path,
          shape: shape as Shape,
          versions: versions.split(" ") as OtherVersion[],
        };
      }),
  ),
  ({ type }) => type,
);
