/**
 * A chain's writer alone in a process, to be killed: no HTTP, no worker threads, so that it starts fast. It is spoken to
 * over the parent's channel, and answers a slip exactly when a node would.
 */
import { readFile } from "node:fs/promises";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { fromHex, toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { findSlip } from "@anamnesis/ledger";
import { parseGenesis } from "@anamnesis/protocol";
import type { SlipId } from "@anamnesis/protocol";
import { openChain } from "../../apps/node/src/openChain.ts";

export type WriterCall = { readonly carry: string } | { readonly find: readonly string[] };
export type WriterReply =
  | { readonly ready: { readonly height: number; readonly appHash: string } }
  | { readonly carried: { readonly id: string; readonly code: string } }
  | { readonly missing: readonly string[] };

const [folder = "", genesisFile = "", secretKey = ""] = process.argv.slice(2);
const genesis = parseGenesis(await readFile(genesisFile, "utf8"));
const chain = await openChain({
  genesis,
  institution: genesis.writer,
  signing: signingKeypair(fromHex(secretKey)),
  folder,
  verify: async (checks) => checks.map(verifySignatureRaw),
  now: Date.now,
});

const reply = (message: WriterReply): void => void process.send?.(message);

process.on("message", (call: WriterCall) => {
  if ("find" in call) {
    const missing = chain.snapshot(({ state }) =>
      call.find.filter((id) => findSlip(state, id as SlipId) === undefined),
    );
    return reply({ missing });
  }
  chain
    .carry([new Uint8Array(Buffer.from(call.carry, "base64"))])
    .then(([outcome]) => reply({ carried: { id: outcome!.id, code: outcome!.code } }))
    .catch(() => process.exit(3));
});
process.on("disconnect", () => void chain.stop().then(() => process.exit(0)));

const { height, appHash } = chain.head();
reply({ ready: { height, appHash: toHex(appHash) } });
