/** Genesis documents of a federation in memory, with real X-Wing keys. */
import type { Genesis, InstitutionId } from "@anamnesis/protocol";
import { caKey } from "../../../apps/registry/src/authority.ts";
import type { Authority } from "../../../apps/registry/src/authority.ts";
import { institutions, makeGenesis } from "./chainFixture.ts";
import { boxOf } from "./clientKeys.ts";

export function careGenesis(id: InstitutionId, chain: string): Genesis {
  const [template, consortium] = [makeGenesis("care", {}, chain), makeGenesis("consortium")];
  const members = consortium.members.filter(
    (member) => member.id === id || institutions.slice(3).includes(member.id),
  );
  return { ...template, institution: id, writer: id, members };
}

export async function realKeys(genesis: Genesis, cas: readonly Authority[]): Promise<Genesis> {
  const members = await Promise.all(
    genesis.members.map(async (member) => ({
      ...member,
      boxKey: (await boxOf(member.id)).publicKey,
    })),
  );
  const { consortium } = genesis;
  if (consortium === undefined) return { ...genesis, cas: cas.map(caKey), members };
  const proxies = await Promise.all(
    consortium.proxies.map(async (proxy) => ({
      ...proxy,
      boxKey: (await boxOf(`proxy ${proxy.index}`)).publicKey,
    })),
  );
  const registry = { ...consortium.registry, boxKey: (await boxOf("registry")).publicKey };
  return {
    ...genesis,
    cas: cas.map(caKey),
    members,
    consortium: { ...consortium, proxies, registry },
  };
}
