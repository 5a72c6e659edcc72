/**
 * HPKE `info` of everything that is sealed to a party's key: one name for each kind of message, so that none opens as
 * another. The author's capsule, which is part of the suite's record, has its own (`MRS-V1-AUTHOR`).
 */
export const hpkeInfo = {
  /** A message in a mailbox; additional data: the box id. */
  message: "MRS-V1-MSG",
  /** The reader's part of a grant; additional data: gctx. */
  grant: "MRS-V1-GRANT",
  /** A proxy's part of a grant; additional data: gctx. */
  share: "MRS-V1-SHARE",
  /** A proxy's answer, to the intent's certificate; additional data: `answerContext`. */
  answer: "MRS-V1-ANSWER",
  /** Opens a visit at an institution's node; additional data: the chain id. */
  session: "MRS-V1-SESSION",
  /** Whose a visit is, kept by the node for the registry; additional data: pid. */
  trace: "MRS-V1-TRACE",
  /** An officer's question whose a visit is, to the registry, and its answer. */
  traceRequest: "MRS-V1-TRACE-REQUEST",
  traced: "MRS-V1-TRACED",
  /** An enrolment request to the registry, and its answer. */
  enrol: "MRS-V1-ENROL",
  enrolled: "MRS-V1-ENROLLED",
  /** A contact card left with the registry. */
  contact: "MRS-V1-CONTACT",
  /** A look-up of a contact card, and its answer. */
  lookUp: "MRS-V1-LOOKUP",
  card: "MRS-V1-CARD",
} as const;
