import { accessKinds } from "./kinds/access.ts";
import { chainKinds } from "./kinds/chain.ts";
import { grantKinds } from "./kinds/grant.ts";
import { identityKinds } from "./kinds/identity.ts";
import { membershipKinds } from "./kinds/institution.ts";
import { recordKinds } from "./kinds/record.ts";
import { sessionKinds } from "./kinds/session.ts";
import { usageKinds } from "./kinds/usage.ts";
import type { Shaped } from "./shape.ts";

export type {
  CarriedFor,
  ChainKind,
  Cosignature,
  Permit,
  Signer,
  SlipKindRow,
} from "./kinds/row.ts";

/**
 * The slip kinds: for each its fields, who signs, on which kind of chain it lives, who carries it and for whom, and which
 * roles may sign. One row a kind, one file a family in `kinds/`; a row without a column does not compile.
 * Spec: docs/spec/slips.md. This table is consensus.
 */
export const slipKinds = {
  ...membershipKinds,
  ...chainKinds,
  ...identityKinds,
  ...sessionKinds,
  ...recordKinds,
  ...grantKinds,
  ...accessKinds,
  ...usageKinds,
} as const;

export type SlipKind = keyof typeof slipKinds;

/** The fields of one kind, as values. Hashes, keys and ids are bytes. */
export type SlipFields<K extends SlipKind> = {
  readonly [N in keyof (typeof slipKinds)[K]["fields"]]: Shaped<(typeof slipKinds)[K]["fields"][N]>;
};

export const isSlipKind = (text: string): text is SlipKind => Object.hasOwn(slipKinds, text);
