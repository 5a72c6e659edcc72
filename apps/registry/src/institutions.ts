import { equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, audit, auditorOf, parseInstitutionId } from "@anamnesis/protocol";
import type { InstitutionKind, Trust } from "@anamnesis/protocol";
import type { RegistryDeps } from "./deps.ts";
import type { SealedStore } from "./sealedStore.ts";

/** An institution that the registry knows: of genesis, or audited since. */
export interface KnownInstitution {
  readonly level: InstitutionKind;
  /** Ed25519: it vouches for its registrars and takes back what they attested. */
  readonly nodeKey: Uint8Array;
}

/** What the operator saw of an institution that wants to join. Keys are the public halves that its node made. */
export interface AuditedInstitution extends KnownInstitution {
  readonly id: string;
  readonly name: string;
  readonly consensusKey: Uint8Array;
  readonly boxKey: Uint8Array;
  readonly address: string;
}

/** @returns `undefined` for an institution that is neither of genesis nor audited. */
export function institutionNamed(
  { trust, store }: { readonly trust: Trust; readonly store: SealedStore },
  id: string,
): KnownInstitution | undefined {
  const member = trust.chains.flatMap(({ members }) => members).find((one) => one.id === id);
  return member ?? (store.get("institution", id) as unknown as AuditedInstitution | undefined);
}

/**
 * Keeps what was seen of an institution, and signs it for the chains (docs/spec/registry.md R-28). The same again gives the
 * same signature.
 *
 * @throws {AnamnesisError} BAD_REQUEST: the id is none, or stands for an institution with another key or of another kind.
 */
export function auditOf(
  { trust, store, authorities }: Pick<RegistryDeps, "trust" | "store" | "authorities">,
  institution: AuditedInstitution,
): Uint8Array {
  const id = parseInstitutionId(institution.id);
  const known = institutionNamed({ trust, store }, id);
  if (known !== undefined && !isSame(known, institution))
    throw new AnamnesisError(
      "BAD_REQUEST",
      `Audit refused: '${id}' is an institution with another key or of another kind already`,
    );
  store.put({ ...institution }, "institution", id);
  const auditor = authorities[auditorOf(institution.level)];
  return audit(institution, (type, message) => auditor.sign(type, message));
}

const isSame = (known: KnownInstitution, { nodeKey, level }: KnownInstitution): boolean =>
  known.level === level && equalBytes(known.nodeKey, nodeKey);
