import { encodeCanonical, sha256, toHex } from "@anamnesis/crypto/verify";
import type { Genesis, Vault } from "./genesis.ts";

/** Vaults of different institutions that hold an object before its slip is posted. */
export const VAULTS_PER_OBJECT = 2;

/**
 * Vaults in the order in which an object's writer fills them and its readers ask them: first that of the institution whose
 * chain it is, then the others, the highest SHA-256(enc("VAULT", vault, object)) first (rendezvous hashing). Each object
 * has an order of its own, so a vault that is away burdens all others alike.
 *
 * @param object - Its id, 32 bytes.
 */
export function vaultsInOrder(
  { vaults }: Pick<NonNullable<Genesis["consortium"]>, "vaults">,
  { institution, object }: { readonly institution: string; readonly object: Uint8Array },
): readonly Vault[] {
  const own = vaults.filter((vault) => vault.institution === institution);
  const others = vaults
    .filter((vault) => !own.includes(vault))
    .map((vault) => ({ vault, weight: weightOf(vault, object) }))
    .toSorted((a, b) => (a.weight < b.weight ? 1 : -1));
  return [...own, ...others.map(({ vault }) => vault)];
}

const weightOf = ({ id }: Vault, object: Uint8Array): string =>
  toHex(sha256(encodeCanonical(["VAULT", id, object])));
