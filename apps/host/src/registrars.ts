import { decodeCanonical } from "@anamnesis/crypto/verify";
import type { Protection } from "@anamnesis/client";
import { places, registrarOf, spawnKeys } from "@anamnesis/client/folder";
import { AnamnesisError, parseInstitutionId, readCertificate } from "@anamnesis/protocol";
import type { Credential, GenesisRegistrar, Trust } from "@anamnesis/protocol";
import type { Child } from "./childProcess.ts";
import { dataDirectoryOf, registryDirectory, registryKeyFile } from "./dataDirectories.ts";
import type { Profile, ProfileInstitution } from "./profiles/federation.ts";

/** The registrars of a new federation: certified, while their devices wait for the trust file. */
export interface FoundingRegistrars {
  readonly certified: readonly GenesisRegistrar[];
  /** Puts the certificates into the devices; the trust file is written. */
  keep(): Promise<void>;
  /** Ends the process in which the keys were born. */
  end(): void;
}

/**
 * Makes each institution's registrar a device, whom no registrar could attest: the institution's node vouches, and the
 * registry's operator certifies. So genesis names them, and people can be certified from the first block on.
 *
 * @param founding.trust - The chains without registrars.
 * @param founding.protection - Seals the devices.
 */
export async function certifyRegistrars(
  dir: string,
  profile: Profile,
  founding: {
    readonly trust: Trust;
    readonly protection: Protection;
    readonly child: (name: string) => Child;
  },
): Promise<FoundingRegistrars> {
  const at = places(dir);
  const keys = spawnKeys();
  const credentials = new Map<string, Credential>();
  try {
    for (const institution of profile.institutions) {
      const folder = at.device(registrarOf(institution.id));
      const person = { name: registrarNameOf(institution), role: "registrar" } as const;
      const request = await keys.make({
        ...person,
        institution: institution.id,
        folder,
        protection: founding.protection,
      });
      credentials.set(folder, await certifyRegistrar(dir, institution, request, founding));
    }
  } catch (error) {
    keys.end();
    throw error;
  }
  return {
    certified: [...credentials.values()].map((credential) => inGenesis(credential, founding.trust)),
    keep: async () => {
      for (const [folder, credential] of credentials)
        await keys.keep(folder, at.trust, { credential });
    },
    end: () => keys.end(),
  };
}

export const registrarNameOf = ({ name }: Pick<ProfileInstitution, "name">): string =>
  `${name} registrar`;

/**
 * The institution's node vouches for a registrar whose keys were made, and the registry's operator certifies them.
 *
 * @param made - What the registrar's device asked for.
 */
export async function certifyRegistrar(
  dir: string,
  institution: Pick<ProfileInstitution, "id" | "name">,
  made: Uint8Array,
  { trust, child }: { readonly trust: Trust; readonly child: (name: string) => Child },
): Promise<Credential> {
  const { request, boxKey } = decodeCanonical(made) as { request: Uint8Array; boxKey: Uint8Array };
  const { id } = institution;
  const name = registrarNameOf(institution);
  const registrar = { institution: id, name, identifier: name, request, boxKey };
  const node = dataDirectoryOf(dir, id, "node");
  const vouched = (await child(id).call("node", "vouchForRegistrar", node, registrar)) as object;
  const place = { dataDirectory: registryDirectory(dir), keyFile: registryKeyFile(dir), trust };
  return (await child("registry").call("registry", "issueRegistrar", place, {
    ...registrar,
    ...vouched,
  })) as Credential;
}

function inGenesis({ certificate, registration }: Credential, { chains }: Trust): GenesisRegistrar {
  const cas = chains.flatMap((genesis) => genesis.cas);
  const { issuer, name, signingKey, boxKey, validFrom, validTo } = readCertificate(
    certificate,
    cas,
  );
  return {
    issuer,
    name,
    institution: parseInstitutionId(registration.institution),
    signingKey,
    boxKey,
    validFrom,
    validTo,
    der: certificate,
    commitment: registration.commitment,
    registered: registration.signature,
  };
}

/** @throws {AnamnesisError} PASSPHRASE_REQUIRED */
export function requireProtection(protection: Protection | undefined): Protection {
  if (protection !== undefined) return protection;
  throw new AnamnesisError(
    "PASSPHRASE_REQUIRED",
    "The registrars' devices need a passphrase, want --passphrase-file or ANAMNESIS_PASSPHRASE",
  );
}
