import { fromHex } from "@anamnesis/crypto/verify";
import { verifyPostProof } from "@anamnesis/protocol";
import type { BoxPost } from "@anamnesis/protocol";
import type { KeyCaller } from "@anamnesis/server";
import { isOpenOn } from "../carriedFor.ts";
import type { NodeDeps } from "../deps.ts";
import type { Room } from "./fill.ts";

/**
 * How much of a box a writer may fill. All of it: who proves with the box's postKey, with a reply to one of its owner's
 * requests (once), or, in the box of staff, as a visit that is open here. Never for a patient's certificate: that would join
 * visits. A proof that does not hold counts as none. Spec: docs/spec/messages.md M-18.
 */
export async function roomFor(
  { mailbox: { postKeys }, chains }: Pick<NodeDeps, "mailbox" | "chains">,
  {
    box,
    sealed,
    proof,
    caller,
    isStaff,
  }: BoxPost & {
    readonly box: string;
    readonly caller: KeyCaller | undefined;
    readonly isStaff: boolean;
  },
): Promise<Room> {
  if (isStaff && caller !== undefined && isOpenOn(chains.values(), caller.publicKey)) return "all";
  const postKey = postKeys.of(box);
  if (postKey === undefined || proof === null) return "unreserved";
  if (!verifyPostProof(proof, postKey, { box: fromHex(box), sealed })) return "unreserved";
  if (proof.by === "reply" && !(await postKeys.use(box, proof))) return "unreserved";
  return "all";
}
