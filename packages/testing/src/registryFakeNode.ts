/** A node as the registry sees it; only tests import it. */
import { toHex, verifySignature } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  NonceMemory,
  decodeSlip,
  mailboxRoutes,
  nodeRoutes,
  slipKinds,
} from "@anamnesis/protocol";
import type { BoxPost, CaKey, ErrorCode, Slip, SlipCode } from "@anamnesis/protocol";
import { CallerCheck, handling, serve } from "@anamnesis/server";
import type { Certified, Server } from "@anamnesis/server";

/** A node that takes slips whose signatures verify, and messages for any box. `answer` may refuse slips. */
export interface FakeNode extends Server {
  readonly slips: Slip[];
  /** How often it was asked to take one. */
  readonly asked: number;
  readonly messages: ({ readonly box: string } & Omit<BoxPost, "v">)[];
  answer: SlipCode | "UNAVAILABLE";
}

export async function startNode(cas: () => readonly CaKey[]): Promise<FakeNode> {
  const slips: Slip[] = [];
  const messages: ({ box: string } & Omit<BoxPost, "v">)[] = [];
  const state: { answer: FakeNode["answer"]; asked: number } = { answer: "OK", asked: 0 };
  const refused = (code: ErrorCode | SlipCode) => new AnamnesisError(code, "Refused");
  const handle = handling<Certified>();
  const routes = { postSlip: nodeRoutes.postSlip, putMessage: mailboxRoutes.putMessage };
  const handled = [
    handle(routes.postSlip, ({ params, body }) => {
      state.asked += 1;
      const slip = decodeSlip(body);
      if (state.answer !== "OK") throw refused(state.answer);
      if (slip.chain !== params.chain) throw refused("WRONG_CHAIN");
      if (!isSigned(slip, cas())) throw refused("SLIP_SIGNATURE");
      const same = slips.some(
        ({ kind, chain, fields }) =>
          kind === slip.kind &&
          chain === slip.chain &&
          certificateOf(fields) === certificateOf(slip.fields),
      );
      if (same)
        throw refused(
          slip.kind === "identity.revoke" ? "CERTIFICATE_REVOKED" : "CERTIFICATE_EXISTS",
        );
      slips.push(slip);
      return { id: slip.id, code: "OK" as const, height: slips.length };
    }),
    handle(routes.putMessage, ({ params: { box }, body: { sealed, proof } }) => {
      messages.push({ box, sealed, proof });
      return { message: "00".repeat(14) };
    }),
  ];
  const server = await serve("fake-node", routes, handled, {
    logLevel: "silent",
    now: Date.now,
    callers: anyCaller(),
  });
  return {
    ...server,
    slips,
    messages,
    get asked() {
      return state.asked;
    },
    get answer() {
      return state.answer;
    },
    set answer(code) {
      state.answer = code;
    },
  };
}

const anyCaller = (): CallerCheck<Certified> =>
  new CallerCheck({
    now: Date.now,
    nonces: new NonceMemory(),
    certificateOf: () => {
      throw new AnamnesisError("CERTIFICATE_NOT_LIVE", "There are no certificates here");
    },
  });

const certificateOf = (fields: object): string =>
  toHex((fields as { fingerprint: Uint8Array }).fingerprint);

function isSigned(slip: Slip, cas: readonly CaKey[]): boolean {
  const { fields } = slip;
  const issuer = "issuer" in fields ? fields.issuer : "by" in fields ? fields.by : undefined;
  const publicKey = cas.find(({ id }) => id === issuer)?.key ?? new Uint8Array(32);
  return verifySignature({
    type: slipKinds[slip.kind].signatureType,
    message: slip.payload,
    publicKey,
    signature: slip.signature,
  });
}
