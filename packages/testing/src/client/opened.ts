import type { OpenRecord } from "@anamnesis/client";
import type { OpenedOne } from "@anamnesis/client/doctor";

/** Records of an opening of several, as they open. @throws why one did not */
export async function* opened(openings: AsyncIterable<OpenedOne>): AsyncGenerator<OpenRecord> {
  for await (const one of openings) {
    if ("error" in one) throw one.error;
    yield one.opened;
  }
}
