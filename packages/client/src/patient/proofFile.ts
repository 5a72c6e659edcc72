import { toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  chainOf,
  proofFile,
  encodeSlipProof,
  decodeSlipProof,
  recordOf,
  recordVersion,
  verifyConfirmation,
  verifySlip,
  verifySlipProof,
} from "@anamnesis/protocol";
import type { Genesis, Trust, RecordVersion } from "@anamnesis/protocol";
import { verifyCertificate } from "../certificates.ts";
import type { CheckedProof } from "../model.ts";
import { personView } from "../people.ts";
import type { Session } from "../session.ts";
import { proveSlip } from "../proofs/prove.ts";
import { parseRecordName, proveVersion, versionOf } from "../recordVersion.ts";
import { ownRecord } from "./records.ts";

/** A file that proves, offline, that a record is on its chain. @throws {AnamnesisError} NOT_FOUND, PROOF_INVALID, UNAVAILABLE. */
export async function exportProof(session: Session, id: string): Promise<Uint8Array> {
  const wanted = parseRecordName(id);
  const { record, view, visit } = await ownRecord(session, wanted.id);
  const version = versionOf(view, wanted.n);
  const { proof, author } = await proveVersion(session, visit.chain, view, version);
  const confirmation = (await session.device.items.get("record", record.id))?.confirmations[
    version.digest
  ];
  const confirmed =
    confirmation === undefined
      ? null
      : encodeSlipProof((await proveSlip(session, visit.chain, confirmation)).proof);
  return proofFile.encode({
    v: 1,
    record: encodeSlipProof(proof),
    confirmation: confirmed,
    certificate: author.der,
  });
}

/**
 * Checks a proof file against a federation's trust file alone.
 * @throws {AnamnesisError} PROOF_INVALID (another federation's trust too), AUTHOR_UNVERIFIED, MALFORMED
 */
export function checkProof(file: Uint8Array, trust: Trust): CheckedProof {
  const { record, confirmation, certificate } = proofFile.decode(file);
  const proof = decodeSlipProof(record);
  const genesis = ofThisFederation(trust, proof.chain);
  const { slip, signers, countersigned } = verifySlipProof(genesis, proof);
  if (slip.kind !== "record.submit" && slip.kind !== "record.amend")
    throw invalid(`it is about a ${slip.kind}, want a record`);
  const author = authorOf(trust, certificate);
  const isTheirs =
    author.fingerprint === toHex(slip.fields.cert) &&
    author.institution === slip.fields.institution;
  if (
    !isTheirs ||
    slip.time < author.validFrom ||
    slip.time > author.validTo ||
    !verifySlip(slip, author.signingKey)
  ) {
    throw new AnamnesisError(
      "AUTHOR_UNVERIFIED",
      "Proof refused: the record is not signed by a certified author of its institution",
    );
  }
  return {
    ok: true,
    chain: slip.chain,
    institution: slip.fields.institution,
    record: toHex(recordOf(slip)),
    slip: slip.id,
    digest: toHex(slip.fields.digest),
    height: proof.height,
    time: slip.time,
    author: personView({ ...author, institution: slip.fields.institution }),
    signers,
    countersigned,
    confirmed: confirmation !== null && confirms(genesis, confirmation, recordVersion(slip)),
  };
}

/** @throws {AnamnesisError} PROOF_INVALID when the confirmation shown is not one of this very version. */
function confirms(genesis: Genesis, encoded: Uint8Array, version: RecordVersion): true {
  verifyConfirmation(genesis, decodeSlipProof(encoded), version);
  return true;
}

function ofThisFederation(trust: Trust, chain: string) {
  try {
    return chainOf(trust, chain);
  } catch (cause) {
    throw new AnamnesisError(
      "PROOF_INVALID",
      "Proof refused: it was made in another federation than the trust file's",
      { cause },
    );
  }
}

function authorOf(trust: Trust, der: Uint8Array) {
  try {
    return verifyCertificate(trust, der);
  } catch (cause) {
    throw new AnamnesisError(
      "AUTHOR_UNVERIFIED",
      "Proof refused: the author's certificate was not issued in this federation",
      { cause },
    );
  }
}

const invalid = (why: string): AnamnesisError =>
  new AnamnesisError("PROOF_INVALID", `Proof refused: ${why}`);
