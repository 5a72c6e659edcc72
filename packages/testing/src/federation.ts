/**
 * The one federation that tests are about: six institutions, their keys, its chains. A test says only what is different:
 * real addresses, real X-Wing keys, real CA certificates, other parameters.
 */
import { careChainOfGenesis } from "@anamnesis/protocol";
import type {
  CaKey,
  ChainId,
  ChainKind,
  Genesis,
  InstitutionId,
  Member,
  ProxyMember,
  Trust,
  Vault,
} from "@anamnesis/protocol";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { boxKeyOf, boxOf, bytesOf, keyOf } from "./keys.ts";
import { genesisRegistrar } from "./registrars.ts";

type Consortium = NonNullable<Genesis["consortium"]>;

export const hospital = "general-hospital" as InstitutionId;
export const otherHospital = "city-hospital" as InstitutionId;
export const authority = "national-authority" as InstitutionId;
export const province = "provincial-authority" as InstitutionId;

/** The hospitals and the platform, then the authorities, who are members of every care chain. */
export const institutions = [
  hospital,
  otherHospital,
  "online-clinic",
  authority,
  province,
  "municipal-authority",
] as InstitutionId[];
const authorities = institutions.slice(3);

/** One of each institution that cares for patients. */
const plainVaults: readonly Vault[] = ["vault", "other-vault", "clinic-vault"].map((id, at) => ({
  id,
  institution: institutions[at]!,
  address: `http://${id}.example`,
}));

/** 2026-01-01T00:00:00Z */
export const genesisTime = 1_767_225_600_000;
export const proxyCount = 4;

/** What differs from the plain federation. */
export interface FederationParts {
  readonly params?: Partial<Genesis["params"]> | undefined;
  readonly time?: number;
  /** Certificates that hold; without them made-up bytes stand in their place. */
  readonly cas?: readonly CaKey[] | undefined;
  readonly member?: (id: InstitutionId) => Partial<Member> | undefined;
  readonly proxy?: (index: number) => Partial<ProxyMember> | undefined;
  readonly registry?: Partial<Consortium["registry"]>;
  readonly vault?: (id: string) => Partial<Vault> | undefined;
  /** With whose keys nodes vouch for their registrars, where they are others than those that labels name. */
  readonly node?: (id: InstitutionId) => Pick<SigningKeypair, "secretKey"> | undefined;
  /** How many of the four proxies must answer; default 3. */
  readonly k?: number;
}

/** A chain's genesis document. @param of - The institution whose care chain it is. */
export function makeGenesis(
  kind: ChainKind,
  parts: FederationParts & { readonly chain?: string; readonly of?: InstitutionId } = {},
): Genesis {
  const { of = hospital, chain = kind === "care" ? of : "consortium", params } = parts;
  const members = kind === "care" ? [of, ...authorities] : institutions;
  const common = {
    v: 1,
    chain: chain as ChainId,
    kind,
    demo: false,
    time: parts.time ?? genesisTime,
    authority,
    policy: kind === "care" ? "pbft" : "credit-dpos",
    params: { pageSlips: 128, pageSeconds: 2, heartbeatSeconds: 10, ...params },
    cas: parts.cas ?? ["root", "care", "third-parties"].map(madeUpCa),
    members: members.map((id): Member => ({ ...plainMember(id), ...parts.member?.(id) })),
    registrars: (kind === "care" ? [of] : institutions).map((id) =>
      genesisRegistrar(id, parts.node?.(id)),
    ),
  } as const;
  if (kind === "care") return { ...common, institution: of, writer: of };
  const proxies = Array.from({ length: proxyCount }, (_, i) => ({
    ...plainProxy(i + 1),
    ...parts.proxy?.(i + 1),
  }));
  return {
    ...common,
    writer: authority,
    consortium: {
      k: parts.k ?? 3,
      proxies,
      registry: {
        institution: authority,
        boxKey: boxKeyOf("registry"),
        traceKey: boxKeyOf("traces"),
        address: "http://identities.example",
        ...parts.registry,
      },
      vaults: plainVaults.map((vault) => ({ ...vault, ...parts.vault?.(vault.id) })),
      careChains: [careChainOfGenesis(makeGenesis("care", { ...parts, chain: hospital }))],
    },
  };
}

/**
 * The consortium's genesis and those of care chains, as one trust file.
 *
 * @param parts.name - Stands before each chain's id.
 * @param parts.care - Whose care chains; the hospital's alone by default.
 */
export function makeTrust(
  parts: FederationParts & {
    readonly name?: string;
    readonly care?: readonly InstitutionId[];
  } = {},
): Trust & { readonly chains: readonly [Genesis, Genesis, ...Genesis[]] } {
  const { name, care = [hospital], ...rest } = parts;
  const named = (chain: string): string => (name === undefined ? chain : `${name}-${chain}`);
  const [first, ...others] = care.map((of) =>
    makeGenesis("care", { ...rest, of, chain: named(of) }),
  );
  const consortium = makeGenesis("consortium", { ...rest, chain: named("consortium") });
  return { v: 1, chains: [knowing(consortium, first!, ...others), first!, ...others] };
}

/** A consortium that knows these care chains. */
export const knowing = (consortium: Genesis, ...care: readonly Genesis[]): Genesis => ({
  ...consortium,
  consortium: { ...consortium.consortium!, careChains: care.map(careChainOfGenesis) },
});

/** The parts of a federation to whose parties something can be sealed: the keys are those of `boxOf`. */
export async function realBoxes(): Promise<
  Required<Pick<FederationParts, "member" | "proxy" | "registry">>
> {
  const { publicKey: traceKey } = await boxOf("traces");
  const keyed = async (label: string) =>
    [label, { boxKey: (await boxOf(label)).publicKey }] as const;
  const proxies = Array.from({ length: proxyCount }, (_, i) => `proxy ${i + 1}`);
  const parts = new Map(await Promise.all([...institutions, ...proxies, "registry"].map(keyed)));
  return {
    member: (id) => parts.get(id),
    proxy: (index) => parts.get(`proxy ${index}`),
    registry: { ...parts.get("registry")!, traceKey },
  };
}

const madeUpCa = (id: string): CaKey => ({
  id,
  key: keyOf(id).publicKey,
  der: bytesOf(`${id} certificate`),
});

const plainMember = (id: InstitutionId): Member => ({
  id,
  name: `The ${id}`,
  level: "tertiary",
  power: 1,
  nodeKey: keyOf(id).publicKey,
  consensusKey: keyOf(`${id} consensus`).publicKey,
  boxKey: boxKeyOf(id),
  address: `http://${id}.example`,
});

const plainProxy = (index: number): ProxyMember => ({
  index,
  institution: institutions[index - 1]!,
  key: keyOf(`proxy ${index}`).publicKey,
  boxKey: boxKeyOf(`proxy ${index}`),
  address: `http://proxy-${index}.example`,
});
