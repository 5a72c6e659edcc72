import { careKinds } from "@anamnesis/protocol";
import type { InstitutionKind, Policy } from "@anamnesis/protocol";

/** What a federation is made of: one file per profile. */
export interface Profile {
  readonly name: string;
  readonly institutions: readonly ProfileInstitution[];
  /** Institutions that run a proxy, in the order of their indices 1…n. */
  readonly proxies: readonly string[];
  /** Proxies that together open. */
  readonly k: number;
  readonly registry: string;
  readonly consortiumWriter: string;
  /** Members of every care chain beside its own institution. */
  readonly careMembers: readonly string[];
  readonly page: { readonly slips: number; readonly seconds: number };
  readonly heartbeatSeconds: number;
  /** Who may write, votes and earns, on each kind of chain. */
  readonly policies: { readonly care: Policy; readonly consortium: Policy };
}

export interface ProfileInstitution {
  readonly id: string;
  readonly name: string;
  readonly nameZh: string;
  readonly level: InstitutionKind;
}

const authorities = ["national-authority", "provincial-authority", "municipal-authority"];

/**
 * The default: one chain per hospital or platform and a consortium chain, proxies 3 of 4, a vault for each hospital or platform.
 */
export const federation: Profile = {
  name: "federation",
  institutions: [
    { id: "general-hospital", name: "General Hospital", nameZh: "总医院", level: "tertiary" },
    { id: "city-hospital", name: "City Hospital", nameZh: "市医院", level: "secondary" },
    { id: "online-clinic", name: "Online Clinic", nameZh: "在线诊所", level: "platform" },
    {
      id: "national-authority",
      name: "National Health Authority",
      nameZh: "国家卫生主管部门",
      level: "national-authority",
    },
    {
      id: "provincial-authority",
      name: "Provincial Health Authority",
      nameZh: "省卫生主管部门",
      level: "provincial-authority",
    },
    {
      id: "municipal-authority",
      name: "Municipal Health Authority",
      nameZh: "市卫生主管部门",
      level: "municipal-authority",
    },
  ],
  proxies: ["provincial-authority", "municipal-authority", "general-hospital", "city-hospital"],
  k: 3,
  registry: "national-authority",
  consortiumWriter: "national-authority",
  careMembers: authorities,
  page: { slips: 128, seconds: 2 },
  heartbeatSeconds: 10,
  policies: { care: "pbft", consortium: "credit-dpos" },
};

/** Institutions that care for patients: each keeps a chain and a vault of its own. */
export const careInstitutions = (profile: Profile): readonly ProfileInstitution[] =>
  profile.institutions.filter(({ level }) => careKinds.includes(level));

/** Id of an institution's vault. */
export const vaultIdOf = (institution: string): string => `${institution}-vault`;
