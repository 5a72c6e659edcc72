/**
 * A chain's writer alone in a process, to be killed: no HTTP, no worker threads, so that it starts fast. It is spoken to
 * over the parent's channel, and answers a slip exactly when a node would.
 */
import { toHex } from "@anamnesis/crypto/verify";
import { findSlip } from "@anamnesis/ledger";
import { parseSlipId } from "@anamnesis/protocol";
import { openFromArguments } from "./openFromArguments.ts";

export type WriterCall = { readonly carry: string } | { readonly find: readonly string[] };
export type WriterReply =
  | { readonly ready: { readonly height: number; readonly appHash: string } }
  | { readonly carried: { readonly id: string; readonly code: string } }
  | { readonly missing: readonly string[] };

const chain = await openFromArguments();

const reply = (message: WriterReply): void => void process.send?.(message);

process.on("message", (call: WriterCall) => {
  if ("find" in call) {
    const missing = chain.snapshot(({ state }) =>
      call.find.filter((id) => findSlip(state, parseSlipId(id)) === undefined),
    );
    return reply({ missing });
  }
  chain
    .carry([new Uint8Array(Buffer.from(call.carry, "base64"))])
    .then(([outcome]) => reply({ carried: { id: outcome!.id!, code: outcome!.code } }))
    .catch(() => process.exit(3));
});
process.on("disconnect", () => void chain.stop().then(() => process.exit(0)));

const { height, appHash } = chain.head();
reply({ ready: { height, appHash: toHex(appHash) } });
