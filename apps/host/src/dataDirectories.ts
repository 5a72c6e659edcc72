import { join } from "node:path";
import { places } from "@anamnesis/client/folder";

/** Where an app keeps its keys and data. */
export const dataDirectoryOf = (dir: string, owner: string, app: string): string =>
  join(places(dir).data, owner, app);

export const registryDirectory = (dir: string): string =>
  dataDirectoryOf(dir, "registry", "registry");
/** The key of the identity store lies outside the registry's data directory, so that a copy of the data directory tells nothing. */
export const registryKeyFile = (dir: string): string => join(places(dir).secrets, "registry.key");
