/**
 * Writes the suite's vectors: `node packages/crypto/vectors/make.ts`. They are the same at every run; a test compares.
 *
 * Made anew only when the suite is changed on purpose; the commit that does so says what moved.
 */
import { writeFileSync } from "node:fs";
import { vectorFiles } from "./files.ts";

for (const [name, text] of Object.entries(vectorFiles())) {
  writeFileSync(new URL(`../../../tests/vectors/${name}`, import.meta.url), text);
}
