import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../../shared/data/fhir/", import.meta.url);

export interface SharedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The openly licensed sample records that lie beside the project. */
export function sharedFiles(...kinds: readonly string[]): SharedFile[] {
  if (!existsSync(folder)) {
    throw new Error(`The sample records are missing: want them in ${fileURLToPath(folder)}`);
  }
  return kinds.flatMap((kind) =>
    readdirSync(new URL(`${kind}/`, folder))
      .toSorted()
      .map((name) => ({
        name,
        bytes: new Uint8Array(readFileSync(new URL(`${kind}/${name}`, folder))),
      })),
  );
}
