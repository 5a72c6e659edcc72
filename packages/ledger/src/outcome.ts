import { toHex } from "@anamnesis/crypto/verify";
import { certificateState, grantState, institutionState } from "@anamnesis/protocol";
import type {
  CertificateState,
  GrantState,
  InstitutionState,
  MapName,
  SlipCode,
} from "@anamnesis/protocol";
import { stateKeys } from "./stateKeys.ts";
import type { FactRoot } from "./stateKeys.ts";

/** What a transition changes; applied by the block, under the root it names. */
export type Write =
  | { readonly under: FactRoot; readonly key: string; readonly value: Uint8Array }
  | {
      readonly under: MapName;
      readonly key: string;
      readonly value: Uint8Array;
      readonly id: string;
    }
  | { readonly under: "index"; readonly key: string; readonly value: Uint8Array };

export type Outcome =
  | { readonly code: "OK"; readonly writes: readonly Write[] }
  | { readonly code: Exclude<SlipCode, "OK"> };

export const accept = (...writes: readonly Write[]): Outcome => ({ code: "OK", writes });
export const reject = (code: Exclude<SlipCode, "OK">): Outcome => ({ code });

/** A fact that was never there before. */
export const fact = (under: FactRoot, key: string, value: Uint8Array): Write => ({
  under,
  key,
  value,
});

/** An index entry: `value` is the 32-byte id it leads to. */
export const indexEntry = (key: string, value: Uint8Array): Write => ({
  under: "index",
  key,
  value,
});

export const putGrant = (gid: string, grant: Omit<GrantState, "v">): Write => ({
  under: "grants",
  key: stateKeys.grant(gid),
  id: gid,
  value: grantState.encode({ v: 1, ...grant }),
});

export const putCertificate = (fingerprint: Uint8Array, certificate: CertificateState): Write => {
  const id = toHex(fingerprint);
  return {
    under: "keys",
    key: stateKeys.certificate(id),
    id,
    value: certificateState.encode(certificate),
  };
};

export const putInstitution = (id: string, institution: InstitutionState): Write => ({
  under: "institutions",
  key: stateKeys.institution(id),
  id,
  value: institutionState.encode(institution),
});
