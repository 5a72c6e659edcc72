import type { PersonView, Session } from "@anamnesis/client";
import { AnamnesisError, consortiumOf, fingerprintOf } from "@anamnesis/protocol";

/**
 * The live doctor whom a name means, by the consortium's certificates: `NAME`, or `NAME@INSTITUTION` where several
 * institutions have one of that name.
 *
 * @throws {AnamnesisError} NOT_FOUND, AMBIGUOUS_NAME
 */
export async function doctorNamed(session: Session, asked: string): Promise<PersonView> {
  const [name, institution] = splitAtLast(asked);
  const { chain, writer } = consortiumOf(session.trust);
  const now = session.clock();
  const found = await session.network
    .node(writer)
    .certificates(chain, { name, ...(institution === undefined ? {} : { institution }) });
  const live = found.filter(
    ({ role, revokedAt, validFrom, validTo }) =>
      role === "doctor" && revokedAt === 0 && validFrom <= now && now <= validTo,
  );
  const [one, ...others] = live;
  if (one === undefined)
    throw new AnamnesisError("NOT_FOUND", `No doctor of this federation is called '${asked}'`);
  if (others.length > 0) {
    const where = [...new Set(live.map((each) => each.institution))].join(", ");
    throw new AnamnesisError(
      "AMBIGUOUS_NAME",
      `Several doctors are called '${name}', want ${name}@INSTITUTION with one of ${where}`,
    );
  }
  return {
    fingerprint: fingerprintOf(one.der),
    name: one.name,
    role: one.role,
    institution: one.institution,
  };
}

function splitAtLast(asked: string): readonly [string, string | undefined] {
  const at = asked.lastIndexOf("@");
  return at <= 0 ? [asked, undefined] : [asked.slice(0, at), asked.slice(at + 1)];
}
