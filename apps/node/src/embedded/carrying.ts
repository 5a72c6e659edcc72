import { randomBytes } from "@anamnesis/crypto/verify";
import { limits, makeGroup } from "@anamnesis/protocol";
import type { ChainId, Group, InstitutionId } from "@anamnesis/protocol";
import type { VerifiedGroups } from "../verify/verifiedGroups.ts";
import type { Admitted } from "../verify/admission.ts";

/** What a group takes beside its slips: chain, carrier, signature and lengths, generously. */
const GROUP_FRAME_BYTES = 1_024;
/** What CBOR puts before a slip. */
const SLIP_FRAME_BYTES = 5;

/** In an order that says nothing of who came first. */
export function shuffled<T>(waiting: readonly T[]): T[] {
  const order = [...waiting];
  const random = new DataView(randomBytes(4 * Math.max(1, order.length)).buffer);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.getUint32(4 * i) % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Cut into what fits one group each: at most 64 slips, and no more bytes than a group may have. */
export function cutIntoGroups<T extends Admitted>(order: readonly T[]): T[][] {
  const cut: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of order) {
    const added = item.slip.bytes.length + SLIP_FRAME_BYTES;
    const last = cut.at(-1);
    const fits =
      last !== undefined && last.length < limits.groupSlips && bytes + added <= limits.groupBytes;
    if (fits) last.push(item);
    else cut.push([item]);
    bytes = fits ? bytes + added : GROUP_FRAME_BYTES + added;
  }
  return cut;
}

/** Who carries: this institution's node. */
export interface Carrier {
  readonly chain: ChainId;
  readonly institution: InstitutionId;
  /** Its node key, 32 bytes, and how it signs under it. */
  readonly publicKey: Uint8Array;
  readonly sign: (type: string, message: Uint8Array) => Uint8Array;
  /** Where its groups are kept as verified: each slip in them was when it was admitted. */
  readonly groups: VerifiedGroups;
}

/** Signs a group of admitted slips, at most 64. */
export function carryTogether(carrier: Carrier, admitted: readonly Admitted[]): Group {
  const { chain, institution, publicKey, sign, groups } = carrier;
  const slips = admitted.map(({ slip }) => slip);
  let signature: Uint8Array = new Uint8Array(64);
  const bytes = makeGroup(
    chain,
    institution,
    slips.map((slip) => slip.bytes),
    (type, message) => (signature = Uint8Array.from(sign(type, message))),
  );
  const group = { chain, carrier: institution, slips, signature, bytes };
  groups.remember(group, [publicKey, ...admitted.map(({ key }) => key)]);
  return group;
}
