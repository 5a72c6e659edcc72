/** Enrolments of institutions, audited by the registry. Keys are named by labels: an institution's by its id. */
import { audit, auditorOf } from "@anamnesis/protocol";
import type { SlipFields } from "@anamnesis/protocol";
import { boxKeyOf, keyOf, signer } from "./keys.ts";

type Enrolment = Omit<SlipFields<"institution.enrol">, "cosigned">;

/** @param change - What differs from a small clinic without a vote. @param auditor - Label of the key that audits. */
export function enrolmentOf(
  id: string,
  change: Partial<Enrolment> = {},
  auditor: string = auditorOf(change.level ?? "community"),
): Enrolment {
  const of = {
    id,
    name: id,
    level: "community",
    power: 0,
    nodeKey: keyOf(id).publicKey,
    consensusKey: keyOf(`${id} consensus`).publicKey,
    boxKey: boxKeyOf(id),
    address: "http://clinic.example",
    ...change,
  } as const;
  return { ...of, audited: change.audited ?? audit(of, signer(keyOf(auditor))) };
}
