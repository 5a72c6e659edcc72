/** What people send to proxies, and how they read the answers. */
import { openWith } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { signRaw } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import {
  answerContext,
  gidOf,
  hpkeInfo,
  limits,
  makeSlip,
  reencryptAnswer,
  signRequest,
} from "@anamnesis/protocol";
import type { AskedFor, ReencryptRequest, SlipHeader } from "@anamnesis/protocol";
import { signer } from "../keys.ts";
import type { MadeSlip } from "../testChain.ts";
import type { Parties } from "./parties.ts";

export interface BareRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: Uint8Array;
}

/** A request to a server at this address, signed by any key, not sent yet. @param now - Unix milliseconds. */
export function signedCall(
  { address, now }: { readonly address: string; readonly now: number },
  { method, path, body = new Uint8Array(0) }: BareRequest,
  keyId: string,
  secretKey: Uint8Array,
): { path: string; init: RequestInit } {
  const headers = signRequest(
    { method, path, body, authority: new URL(address).host },
    keyId,
    (message) => signRaw({ message, secretKey }),
    now,
    randomBytes(16),
  );
  return {
    path,
    init: { method, headers, ...(body.length > 0 ? { body: Buffer.from(body) } : {}) },
  };
}

/** Opens proxy `index`'s answer as a reader. @throws {CryptoError} E_DECRYPT */
export async function answerItems(
  index: number,
  askedFor: AskedFor,
  request: ReencryptRequest,
  { box: { secretKey } }: { readonly box: BoxKeypair },
  sealed: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const aad = answerContext(askedFor, request, index);
  const answer = await openWith({ secretKey, info: hpkeInfo.answer, aad, sealed });
  return reencryptAnswer.decode(answer).items;
}

/** A signed `grant.revoke`, on no chain yet. @param by - Who signs it; the grant's own key unless another is said. */
export function revocation(
  { consortium, nodes }: Parties,
  { keys, gid = gidOf(keys.publicKey) }: { readonly keys: SigningKeypair; readonly gid?: string },
  change: Partial<SlipHeader> = {},
  by: SigningKeypair = keys,
): MadeSlip {
  const time = nodes.clock.now;
  const { chain } = consortium.genesis;
  const header = { chain, time, notAfter: time + limits.clientNotAfterMs, ...change };
  return makeSlip("grant.revoke", header, { gid: fromHex(gid), key: by.publicKey }, signer(by));
}
