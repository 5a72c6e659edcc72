import { fromHex } from "@anamnesis/crypto/verify";
import { careChainOf, consortiumOf } from "@anamnesis/protocol";
import { keyOf } from "../keys.ts";
import { registrarName, registrarOf, vouchedBy } from "../registrars.ts";
import type { ClientFederation } from "./federation.ts";

/** A hospital certifies another's doctor as its own, on its own chain, all of whose members collude. @returns The slip's code. */
export async function certifyAsOwn(
  { chains, trust }: ClientFederation,
  hospital: string,
  fingerprint: string,
): Promise<string> {
  const view = await chains.node(hospital).certificate(consortiumOf(trust).chain, fingerprint);
  const { revokedAt: _, ...real } = view;
  const stated = { ...real, fingerprint: fromHex(fingerprint), institution: hospital };
  const fields = vouchedBy(stated, registrarOf(hospital), keyOf(registrarName(hospital)));
  const { chain } = careChainOf(trust, hospital);
  const slip = chains.chain(chain).slip("identity.certify", fields as never, keyOf("one care"));
  return chains.collude(chain, slip);
}
