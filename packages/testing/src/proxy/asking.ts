/** What readers announce on the chain and ask of proxies; what is left out of a change is what an honest reader says. */
import { concat, encodeHeader, fromHex, randomBytes, sha256 } from "@anamnesis/crypto/verify";
import { intentCommitment } from "@anamnesis/protocol";
import type { Action, Purpose, ReencryptRequest, SlipFields, SlipId } from "@anamnesis/protocol";
import type { Reader } from "./federation.ts";
import type { MadeGrant } from "./grants.ts";
import type { MadeRecord } from "./records.ts";

export interface Intent {
  readonly id: string;
  /** Of its commitment. */
  readonly salt: Uint8Array;
}

/** `committed` and `purpose` stand inside the commitment, `action` in the slip. */
export type AnnouncedChange = Partial<SlipFields<"usage.intent">> & {
  readonly committed?: Action;
  readonly purpose?: Purpose;
};

/** The fields of a `usage.intent` to read under a grant, and the salt of its commitment. */
export function announce(
  reader: Reader,
  { grant }: Pick<MadeGrant, "grant">,
  digests: readonly Uint8Array[],
  change: AnnouncedChange = {},
): { readonly fields: SlipFields<"usage.intent">; readonly salt: Uint8Array } {
  const { purpose = "TREAT", committed = "read", action = committed, ...rest } = change;
  const salt = randomBytes(32);
  const fields = {
    gid: sha256(grant.key),
    cert: reader.fingerprint,
    reader: grant.reader,
    salt: grant.salt,
    action,
    proxies: [1, 2, 3, 4],
    commitment: intentCommitment({ salt, action: committed, purpose, digests }),
    ...rest,
  };
  return { fields, salt };
}

/** A request to read records for treatment. @param proof - Of a care slip. */
export const requestFor = (
  asked: {
    readonly gid: string;
    readonly intent: Intent;
    readonly records: readonly MadeRecord[];
  },
  proof: (slip: SlipId) => Uint8Array,
): ReencryptRequest => ({
  v: 1,
  suite: "MRS-V1",
  gid: fromHex(asked.gid),
  intent: fromHex(asked.intent.id),
  salt: asked.intent.salt,
  digests: asked.records.map(({ digest }) => digest),
  action: "read",
  purpose: "TREAT",
  items: asked.records.map((record) => ({
    record: proof(record.slip),
    session: proof(record.visit.session),
    header: encodeHeader(record.header),
    capsules: concat(...record.capsules),
    bodyHash: record.bodyHash,
    original: null,
    confirmation: null,
  })),
});
