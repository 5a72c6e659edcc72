import type { OpenRecord } from "@anamnesis/client";
import type { GlobalOptions } from "./options.ts";
import { warnings } from "./output.ts";

/** A vault that does not give what it should hold goes not unnoticed, though another gave it. */
export function tellPassed({ json }: GlobalOptions, { passedVaults }: OpenRecord): void {
  for (const { institution, code } of passedVaults)
    warnings(json)(`The vault of ${institution} did not give the record (${code}); another did`);
}
