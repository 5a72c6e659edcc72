/** Requests to the boxes of a node, as their owners and writers make them. */
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { toBase64url, utf8 } from "@anamnesis/crypto/verify";
import { boxPost } from "@anamnesis/protocol";
import type { PostProof } from "@anamnesis/protocol";
import { call, signedHeaders } from "./requests.ts";
import type { Reply } from "./requests.ts";

/** Opens a box by its owner's key, or, with a certificate's fingerprint as `keyId`, says the postKey of a staff box. */
export function openingBox(
  url: string,
  owner: SigningKeypair,
  options: { created?: number; keyId?: string; postKey?: Uint8Array } = {},
): { method: string; headers: Record<string, string>; body: Uint8Array } {
  const { postKey = new Uint8Array(32), ...signing } = options;
  const body = utf8(JSON.stringify({ postKey: toBase64url(postKey) }));
  const method = "PUT";
  return { method, headers: signedHeaders(url, owner, { method, body, ...signing }), body };
}

/** Posts to a box. @param signed - By whom, where the writer shows a visit's key. */
export function postToBox(
  url: string,
  sealed: Uint8Array,
  {
    proof = null as PostProof | null,
    signed = undefined as SigningKeypair | undefined,
    created = Date.now(),
  } = {},
): Promise<Reply> {
  const body = boxPost.encode({ v: 1, sealed, proof });
  const to = `${url}/messages`;
  const headers =
    signed === undefined ? {} : signedHeaders(to, signed, { method: "POST", body, created });
  return call(to, { body, headers });
}
