import { listStaff } from "@anamnesis/client";
import type { StaffView } from "@anamnesis/client";
import { AnamnesisError, parseInstitutionId } from "@anamnesis/protocol";
import type { MemberChange } from "@anamnesis/client/folder";
import { requireRunning } from "./actor.ts";
import { directoryOf } from "./directory.ts";
import { startHost } from "./hostProcess.ts";
import { progress } from "./output.ts";
import type { GlobalOptions } from "./options.ts";

/**
 * Has the operators of the running federation's servers change who is a member.
 *
 * @throws {AnamnesisError} NOT_RUNNING, and what the host answers.
 */
export async function changeMember(options: GlobalOptions, change: MemberChange): Promise<void> {
  await requireRunning(options.dir);
  const { dir, json } = options;
  await startHost({ verb: "member", dir, change }, (event) => {
    if (event.what === "progress") progress(json)(event.text);
  }).done;
}

/** The staff certificate that a person means, if it stands on the consortium. @throws {AnamnesisError} AMBIGUOUS_NAME */
export async function staffNamed(
  options: GlobalOptions,
  who: string,
  institution: string,
): Promise<StaffView | undefined> {
  const staff = await listStaff(await directoryOf(options), { institution }, Date.now());
  const found = staff.filter(
    ({ fingerprint, name, standing }) =>
      fingerprint === who || (name === who && standing !== "revoked" && standing !== "expired"),
  );
  if (found.length > 1)
    throw new AnamnesisError(
      "AMBIGUOUS_NAME",
      `'${who}' has ${found.length} certificates at ${institution}: want one's fingerprint (staff list)`,
    );
  return found[0];
}

/** What was said as an institution's id. @throws {AnamnesisError} USAGE */
export function institutionId(said: unknown): string {
  try {
    return parseInstitutionId(String(said));
  } catch (cause) {
    throw new AnamnesisError(
      "USAGE",
      `'${String(said).slice(0, 80)}' is no institution's id: want 3 to 64 of a-z, 0-9 and hyphens`,
      { cause },
    );
  }
}
