/** A node as the registry sees it; only tests import it. */
import { toHex, verifySignature } from "@anamnesis/crypto/verify";
import { decodeSlip, errorBody, slipKinds } from "@anamnesis/protocol";
import type { CaKey, Slip, SlipCode } from "@anamnesis/protocol";
import { readBody, serve } from "@anamnesis/server";
import type { Server } from "@anamnesis/server";

/** A node that takes slips whose signatures verify, and messages for any box. `answer` may refuse slips. */
export interface FakeNode extends Server {
  readonly slips: Slip[];
  readonly messages: { readonly box: string; readonly sealed: Uint8Array }[];
  answer: SlipCode | "UNAVAILABLE";
}

export async function startNode(cas: () => readonly CaKey[]): Promise<FakeNode> {
  const slips: Slip[] = [];
  const messages: { box: string; sealed: Uint8Array }[] = [];
  const state: { answer: FakeNode["answer"] } = { answer: "OK" };
  const refused = (code: string) => ({
    status: code === "UNAVAILABLE" ? 503 : 409,
    body: errorBody(code, "Refused"),
  });
  const server = await serve(
    "fake-node",
    [
      {
        method: "POST",
        url: "/chains/:chain/slips",
        spec: "H-2",
        summary: "Take a slip",
        handle: async (request) => {
          const slip = decodeSlip(await readBody(request));
          if (state.answer !== "OK") return refused(state.answer);
          if (slip.chain !== request.params["chain"]) return refused("WRONG_CHAIN");
          if (!isSigned(slip, cas())) return refused("SLIP_SIGNATURE");
          const same = slips.some(
            ({ kind, chain, fields }) =>
              kind === slip.kind &&
              chain === slip.chain &&
              certificateOf(fields) === certificateOf(slip.fields),
          );
          if (same)
            return refused(
              slip.kind === "identity.revoke" ? "CERTIFICATE_REVOKED" : "CERTIFICATE_EXISTS",
            );
          slips.push(slip);
          return { body: { id: slip.id, code: "OK", height: slips.length } };
        },
      },
      {
        method: "POST",
        url: "/boxes/:box/messages",
        spec: "H-17",
        summary: "Take a message",
        handle: async (request) => {
          messages.push({ box: request.params["box"] ?? "", sealed: await readBody(request) });
          return { body: { message: "1" } };
        },
      },
    ],
    { logLevel: "silent" },
  );
  return {
    ...server,
    slips,
    messages,
    get answer() {
      return state.answer;
    },
    set answer(code) {
      state.answer = code;
    },
  };
}

const certificateOf = (fields: object): string =>
  toHex((fields as { fingerprint: Uint8Array }).fingerprint);

function isSigned(slip: Slip, cas: readonly CaKey[]): boolean {
  if (slip.kind !== "identity.certify" && slip.kind !== "identity.revoke") return false;
  const issuer = slip.kind === "identity.certify" ? slip.fields.issuer : slip.fields.by;
  const publicKey = cas.find(({ id }) => id === issuer)?.key ?? new Uint8Array(32);
  return verifySignature({
    type: slipKinds[slip.kind].signatureType,
    message: slip.payload,
    publicKey,
    signature: slip.signature,
  });
}
