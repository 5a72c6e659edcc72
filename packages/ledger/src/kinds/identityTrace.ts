import { certificateLive } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, reject } from "../outcome.ts";

/**
 * Two officers order that the registry says whose a visit is: one of an institution, who signs the slip, and one of the
 * registry's. That the latter's signature verifies was judged with the group's. Spec: docs/spec/slips.md S-64.
 */
export const identityTrace: Kind<"identity.trace"> = {
  apply(state, { fields }, { genesis, time }) {
    const registry = genesis.consortium?.registry.institution;
    const second = state.certificate(fields.second);
    if (second?.role !== "officer" || second.institution !== registry)
      return reject("NOT_THE_REGISTRYS_OFFICER");
    if (!certificateLive(second, time)) return reject("OFFICER_NOT_LIVE");
    if (state.certificate(fields.cert)?.institution === registry)
      return reject("OFFICERS_OF_ONE_INSTITUTION");

    return accept();
  },
  index: "none",
  history: "none",
};
