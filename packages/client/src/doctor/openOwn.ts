import { openAsAuthor } from "@anamnesis/crypto/open";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { OpenRecord } from "../model.ts";
import { parseRecordName, proveVersion, versionOf } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { contentOf, findRecord } from "../foundRecord.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { summariseWritten, writtenRecord } from "./authoredRecords.ts";
import { openToken } from "./tokens.ts";

/**
 * Rereads what this doctor wrote, by the author's capsule. `usage.author` is on the institution's chain, where the
 * patient finds it, before anything opens.
 *
 * @throws {AnamnesisError} NOT_FOUND, NO_ACCESS when the version is another author's or its visit token is gone;
 * PROOF_INVALID, DIGEST_MISMATCH, AUTHOR_UNVERIFIED; slip codes. @throws {CryptoError} E_DECRYPT
 */
export async function openOwn(session: Session, name: string): Promise<OpenRecord> {
  const { device } = session;
  const { id, n } = parseRecordName(name);
  const { item, view } = await writtenRecord(session, id);
  const version = versionOf(view, n);
  const [{ fingerprint }, { signing, box }, tokenItem] = await Promise.all([
    device.certificate(),
    device.keys(),
    device.items.get("token", item.pid),
  ]);
  const entry =
    tokenItem === undefined
      ? undefined
      : openToken(tokenItem).token.entries.find(({ tag }) => toHex(tag) === item.tag);
  if (version.author !== fingerprint || entry === undefined)
    throw new AnamnesisError(
      "NO_ACCESS",
      "This device cannot reread that version: it is another author's, or its visit token is gone",
    );
  const proven = await proveVersion(session, item.chain, view, version);
  const { slip } = proven;
  const found = await findRecord(session, {
    chain: item.chain,
    slip,
    addressKey: entry.addressKey,
  });
  const fields = {
    institution: view.institution,
    cert: fromHex(fingerprint),
    pid: slip.fields.pid,
    record: fromHex(id),
    digest: slip.fields.digest,
  };
  await postSlip(
    session,
    signedSlip(session, {
      chain: item.chain,
      kind: "usage.author",
      fields,
      secretKey: signing.secretKey,
    }),
  );
  const contentKey = await openAsAuthor({ boxSecretKey: box.secretKey, record: found.head });
  const { content, finished } = contentOf(proven, found, contentKey);
  const summary = await summariseWritten(session, item, view);
  return {
    record: summary,
    version: summary.versions[version.n - 1]!,
    content,
    finished,
    faultyProxies: [],
    passedVaults: found.passed,
  };
}
