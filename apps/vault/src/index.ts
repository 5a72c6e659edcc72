export { startVault } from "./vault.ts";
export type { Vault, VaultConfig } from "./vault.ts";
export type { ScrubResult } from "./repairs.ts";
