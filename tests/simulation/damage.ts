/** Damage to a chain's file on disk, and what of a chain must then be as it was or not be served at all. */
import { createHash } from "node:crypto";
import type { Chain } from "../../apps/node/src/chain.ts";

/** One bit turned, or the file's last bytes gone or zero: what disks and crashes do behind a store's back. */
export type Damage =
  | { readonly how: "flipped"; readonly at: number; readonly bit: number }
  | { readonly how: "cut" | "zeroed"; readonly bytes: number };

export function damaged(file: Buffer, damage: Damage): Buffer {
  if (damage.how === "cut") return file.subarray(0, file.length - damage.bytes);
  const copy = Buffer.from(file);
  if (damage.how === "flipped") copy[damage.at]! ^= 1 << damage.bit;
  else copy.fill(0, copy.length - damage.bytes);
  return copy;
}

/** What became of one damaged copy: it served what hashes to `digest`, or said what is wrong. */
export type Inspected =
  | { readonly served: { readonly height: number; readonly digest: string } }
  | { readonly fault: string }
  | { readonly refused: { readonly code: string; readonly message: string } };

/** SHA-256 over everything that a chain serves: each entry of its state, each block, app hash and time of each head. */
export async function digestOf(chain: Chain): Promise<string> {
  const hash = createHash("sha256");
  chain.snapshot(({ state }) => {
    for (const [key, value] of state.range(""))
      hash.update(`${key} ${value.length} `).update(value);
  });
  for (let height = 1; height <= chain.height(); height += 1) {
    const [block] = await chain.blocks(height - 1, 1, 0);
    const { appHash, time } = await chain.headAt(height);
    hash
      .update(block ?? "no block")
      .update(appHash)
      .update(String(time));
  }
  return hash.digest("hex");
}
