export { Disk } from "./disk.ts";
export { initDataDirectory } from "./dataDirectory.ts";
export { ReplicaSet } from "./replicaSet.ts";
export type { ScrubResult } from "./replicaSet.ts";
export { parseObjectId } from "./store.ts";
export type { CheckedObject, ObjectId, Store, StoredObject, Upload } from "./store.ts";
export { startVault } from "./vault.ts";
export type { Vault, VaultConfig } from "./vault.ts";
