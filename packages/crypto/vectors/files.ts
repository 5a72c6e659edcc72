import { makeAesGcm } from "./makeAesGcm.ts";
import { makeEd25519 } from "./makeEd25519.ts";
import { makeHkdf } from "./makeHkdf.ts";
import { makeLabel } from "./makeLabel.ts";
import { makeMlKem } from "./makeMlKem.ts";
import { makeXWing } from "./makeXWing.ts";

interface VectorFile {
  readonly source: string;
  readonly vectors: readonly object[];
}

/** Every file of vectors that this folder makes, by its name in tests/vectors. */
export function vectorFiles(): Record<string, string> {
  return {
    "aes-256-gcm.json": written(makeAesGcm()),
    "ed25519-edges.json": written(makeEd25519()),
    "hkdf-sha256.json": written(makeHkdf()),
    "ml-kem-768.json": written(makeMlKem()),
    "record-label.json": written(makeLabel()),
    "x-wing-hpke.json": written(makeXWing()),
  };
}

/** JSON with one vector a line, so that a change shows as the lines it changes. */
function written({ source, vectors }: VectorFile): string {
  const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`);
  return `{\n  "source": ${JSON.stringify(source)},\n  "vectors": [\n${lines.join(",\n")}\n  ]\n}\n`;
}
