import { chainOf, consortiumOf, vaultsInOrder } from "@anamnesis/protocol";
import type { Vault } from "@anamnesis/protocol";
import type { Session } from "./session.ts";

/** Whose vault it is that did not do what it was asked for, and with which code. */
export interface PassedVault {
  readonly vault: string;
  readonly institution: string;
  readonly code: string;
}

/** The vaults to be asked for an object of a chain, in order; those that did not answer a moment ago come last. */
export function vaultsToAsk(
  { trust, network }: Pick<Session, "trust" | "network">,
  { chain, object }: { readonly chain: string; readonly object: Uint8Array },
): readonly Vault[] {
  const { institution = "" } = chainOf(trust, chain);
  const inOrder = vaultsInOrder(consortiumOf(trust).consortium, { institution, object });
  const isSilent = ({ id }: Vault): boolean => network.vault(id).isSilent();
  return [...inOrder.filter((vault) => !isSilent(vault)), ...inOrder.filter(isSilent)];
}
