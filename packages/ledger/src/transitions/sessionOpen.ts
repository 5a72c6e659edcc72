import { fromHex } from "@anamnesis/crypto/verify";
import { pidOf } from "@anamnesis/protocol";
import type { Transition } from "../context.ts";
import { sessionFact } from "../facts.ts";
import { accept, fact, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/**
 * A visit begins at the institution whose node carries this slip; signed by the visit's own key, pid = SHA-256(key).
 * Spec: docs/spec/slips.md S-30.
 */
export const sessionOpen: Transition<"session.open"> = (
  state,
  { fields, id },
  { carrier, time },
) => {
  const pid = pidOf(fields.key);
  if (state.has(stateKeys.session(pid))) return reject("SESSION_EXISTS");

  return accept(
    fact(
      "records",
      stateKeys.session(pid),
      sessionFact.encode({ institution: carrier, slip: fromHex(id), time }),
    ),
  );
};
