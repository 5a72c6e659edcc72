/** Every secret key of one person, derived from one 32-byte seed. Born on the device; servers do not import this. */
export type {
  DealDelegatedInput,
  DealGrantInput,
  DealtGrant,
  DealtShare,
  DealtTag,
  DelegatedTag,
  GrantTag,
} from "./grant/dealGrant.ts";
export { dealDelegated, dealGrant, delegateTags } from "./grant/dealGrant.ts";
export type { BoxKeys, IdentifiedSigningKey, TagKeys } from "./kem/seedKeys.ts";
export {
  contactBoxKeys,
  deviceStorageKey,
  grantSigningKey,
  identityKeys,
  institutionPublicKey,
  revokerSigningKey,
  tagKeys,
  visitBoxKeys,
  visitSigningKey,
} from "./kem/seedKeys.ts";
