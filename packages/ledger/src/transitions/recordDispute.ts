import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { disputeFact } from "../facts.ts";
import { accept, fact, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";
import { refuseJudgement } from "./recordConfirm.ts";

/** The patient disputes one version of a record, once; the reason went sealed to its author. Spec: docs/spec/slips.md S-34. */
export const recordDispute: Transition<"record.dispute"> = (state, { fields, id }, { time }) => {
  const refused = refuseJudgement(state, fields);
  if (refused !== undefined) return reject(refused);
  const key = stateKeys.dispute(toHex(fields.record), toHex(fields.digest));
  if (state.has(key)) return reject("ALREADY_DISPUTED");

  return accept(
    fact("records", key, disputeFact.encode({ slip: fromHex(id), reason: fields.reason, time })),
  );
};
