import { sign } from "@anamnesis/crypto/sign";
import { randomBytes } from "@anamnesis/crypto/verify";
import {
  cosign,
  identityCommitment,
  makeSlip,
  parseInstitutionId,
  parsePid,
  registeredBytes,
  requestedKey,
} from "@anamnesis/protocol";
import type { Cosignature, CosignedKind, SlipFields, SlipHeader } from "@anamnesis/protocol";
import { readKeys, tracesFolder } from "./dataDirectory.ts";
import { Traces } from "./traces.ts";

/**
 * Vouches for an institution's registrar with its node key (docs/spec/registry.md R-11): for the operator, who has the
 * node's data directory at hand and saw the person. Nobody attests a registrar, and the registry alone cannot make one.
 *
 * @param registrar.request - PKCS#10 made on the registrar's device, DER.
 * @param registrar.boxKey - X-Wing, 1216 bytes.
 * @param registrar.identifier - What the operator saw.
 * @returns s (32 bytes) and the signature REGISTERED (64 bytes), for the registry.
 * @throws {AnamnesisError} BAD_REQUEST, SIGNATURE_INVALID: the request is none, or does not prove the key.
 */
export async function vouchForRegistrar(
  dataDirectory: string,
  registrar: {
    readonly institution: string;
    readonly name: string;
    readonly identifier: string;
    readonly request: Uint8Array;
    readonly boxKey: Uint8Array;
  },
): Promise<{ readonly salt: Uint8Array; readonly registered: Uint8Array }> {
  const { institution, name, identifier, request, boxKey } = registrar;
  const { signing } = await readKeys(dataDirectory);
  const salt = randomBytes(32);
  const message = registeredBytes({
    institution,
    role: "registrar",
    name,
    signingKey: requestedKey(request),
    boxKey,
    commitment: identityCommitment(salt, identifier),
  });
  return { salt, registered: sign({ type: "REGISTERED", message, secretKey: signing.secretKey }) };
}

/** A slip about members before anybody signed it. */
export interface MembershipDraft<K extends CosignedKind = CosignedKind> {
  readonly kind: K;
  readonly header: SlipHeader;
  readonly fields: SlipFields<K>;
}

/**
 * Signs a change of members as one of its voters (docs/spec/slips.md S-19): for the operator, who has the node's data
 * directory at hand and agrees.
 */
export async function cosignMembership(
  dataDirectory: string,
  institution: string,
  { kind, header, fields }: MembershipDraft,
): Promise<Cosignature> {
  return cosign(
    kind,
    header,
    fields,
    parseInstitutionId(institution),
    await signerOf(dataDirectory),
  );
}

/** Signs a change of members as the authority, once voters signed where they have to. @returns the slip's bytes. */
export async function signMembership(
  dataDirectory: string,
  { kind, header, fields }: MembershipDraft,
): Promise<Uint8Array> {
  return makeSlip(kind, header, fields, await signerOf(dataDirectory)).bytes;
}

async function signerOf(dataDirectory: string) {
  const { secretKey } = (await readKeys(dataDirectory)).signing;
  return (type: string, message: Uint8Array): Uint8Array => sign({ type, message, secretKey });
}

/**
 * What this node keeps of whose a visit is, sealed to the registry (docs/spec/http.md H-16a): for the operator, whose officer
 * ordered that it is traced. It works beside the running node.
 *
 * @returns `undefined` for a visit that was not let in here.
 */
export async function sealedTrace(
  dataDirectory: string,
  pid: string,
): Promise<Uint8Array | undefined> {
  const traces = new Traces(tracesFolder(dataDirectory), { traceKey: new Uint8Array(0) });
  try {
    return traces.find(parsePid(pid));
  } finally {
    await traces.close();
  }
}
