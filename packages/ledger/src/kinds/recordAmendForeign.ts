import { equalBytes } from "@anamnesis/crypto/verify";
import type { Permit, SlipCode } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { newVersion } from "../newVersion.ts";
import { reject } from "../outcome.ts";
import type { RecordFirst } from "../recordVersions.ts";
import { refuseRecordSigner } from "../visitSigner.ts";

/**
 * An author of another institution puts a new version beside the newest one. The visit's key signs the slip, or signed a permit
 * in advance and the author signs; that all of it verifies was judged before. Spec: docs/spec/slips.md S-37.
 */
export const recordAmendForeign: Kind<"record.amendForeign"> = {
  apply(state, { fields }, { time, sequence }) {
    const { record, permit } = fields;
    const refused = refuseRecordSigner(state, fields);
    if (refused !== undefined) return reject(refused);
    const first = state.record(record)!;
    if (first.kind === "record.own") return reject("NOT_AUTHORISED");
    const unfit = permit === null ? undefined : refusePermit(permit, first, { record, time });
    if (unfit !== undefined) return reject(unfit);

    return newVersion(state, fields, sequence);
  },
  index: "none",
  history: "none",
};

function refusePermit(
  { of, notAfter }: Permit,
  { tag }: RecordFirst,
  { record, time }: { readonly record: Uint8Array; readonly time: number },
): Exclude<SlipCode, "OK"> | undefined {
  if (!equalBytes(of, record) && !equalBytes(of, tag)) return "PERMIT_OF_ANOTHER_RECORD";
  return notAfter < time ? "PERMIT_EXPIRED" : undefined;
}
