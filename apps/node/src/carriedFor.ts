import { mayEndGrant, signsForOpenVisit } from "@anamnesis/ledger";
import { AnamnesisError, decodeSlip, slipCodeText, slipKinds } from "@anamnesis/protocol";
import type { Slip, SlipKindRow } from "@anamnesis/protocol";
import type { Chain } from "./chain.ts";

/** A request to carry slips to a chain. */
export interface CarryRequest {
  readonly chain: Chain;
  /** Every chain that this node keeps. */
  readonly chains: Iterable<Chain>;
  readonly slips: readonly Uint8Array[];
  /** The key that signed the request; asked only where a slip does not show for whom it is carried. */
  readonly signedBy: () => Promise<Uint8Array>;
}

/**
 * That this node may carry slips which came from outside its institution: the row of each slip's kind says for whom
 * (`carriedFor`). What stands under a certificate or a member's key needs nothing here: a key that the chain does not know,
 * or a certificate that is not live, is refused where every slip is judged before it is grouped.
 *
 * @throws {AnamnesisError} FORBIDDEN, GRANT_UNKNOWN, NOT_THE_REVOKER, and those of `signedBy`.
 * Spec: docs/spec/slips.md S-9.
 */
export async function assertCarried(request: CarryRequest): Promise<void> {
  for (const slip of request.slips.flatMap(inQuestion)) {
    const row: SlipKindRow = slipKinds[slip.kind];
    // The chain itself refuses what does not live on it.
    if (row.chains.includes(request.chain.genesis.kind)) await assertAllowed(slip, row, request);
  }
}

async function assertAllowed(slip: Slip, row: SlipKindRow, request: CarryRequest): Promise<void> {
  switch (row.carriedFor) {
    case "intake":
      throw forbidden("a visit is opened by its sealed intake");
    case "openVisit": {
      const isShown = row.signer === "visit" || row.signer === "visitOrAuthor";
      const key = isShown ? keyOf(slip) : await request.signedBy();
      if (!isOpenOn(isShown ? [request.chain] : request.chains, key))
        throw forbidden("this key signs for no visit that is open on a chain of this node");
      return;
    }
    case "anybody": {
      const revocation = { gid: gidOf(slip), key: keyOf(slip) };
      const may = request.chain.snapshot(({ state }) => mayEndGrant(state, revocation));
      if (may !== true) throw refusal(may === undefined ? "GRANT_UNKNOWN" : "NOT_THE_REVOKER");
      return;
    }
    case "certificate":
    case "member":
  }
}

/** Whether a visit that this key signs for is open on one of these chains. */
export function isOpenOn(chains: Iterable<Chain>, key: Uint8Array): boolean {
  for (const chain of chains) {
    const isCare = chain.genesis.kind === "care";
    if (isCare && chain.snapshot(({ state }) => signsForOpenVisit(state, key))) return true;
  }
  return false;
}

/** The key that stands in a slip; rows without the field have another signer. */
function keyOf({ fields }: Slip): Uint8Array {
  if (!("key" in fields)) throw forbidden("it shows no key");
  return fields.key;
}

/** The grant that a slip names. */
function gidOf({ fields }: Slip): Uint8Array {
  if (!("gid" in fields)) throw forbidden("it names no grant");
  return fields.gid;
}

const refusal = (code: "GRANT_UNKNOWN" | "NOT_THE_REVOKER"): AnamnesisError =>
  new AnamnesisError(code, slipCodeText[code]);
const forbidden = (why: string): AnamnesisError =>
  new AnamnesisError("FORBIDDEN", `Refused: ${why}`);

/** Names of the kinds that signers vouch for whom nobody has to know. */
const namesInQuestion = Object.entries<SlipKindRow>(slipKinds)
  .filter(([, { carriedFor }]) => carriedFor !== "certificate" && carriedFor !== "member")
  .map(([kind]) => Buffer.from(kind));

/**
 * The slip, if it may be of such a kind. Only what holds one of their names somewhere is decoded here: most slips are
 * decoded once, where they are judged. What is no slip is refused there.
 */
function inQuestion(bytes: Uint8Array): Slip[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!namesInQuestion.some((name) => buffer.includes(name))) return [];
  try {
    return [decodeSlip(bytes)];
  } catch (error) {
    if (error instanceof AnamnesisError) return [];
    throw error;
  }
}
