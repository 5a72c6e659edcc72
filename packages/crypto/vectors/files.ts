import { makeEd25519 } from "./makeEd25519.ts";

interface VectorFile {
  readonly source: string;
  readonly vectors: readonly object[];
}

/** Every file of vectors that this folder makes, by its name in tests/vectors. */
export async function vectorFiles(): Promise<Record<string, string>> {
  return { "ed25519-edges.json": written(makeEd25519()) };
}

/** JSON with one vector a line, so that a change shows as the lines it changes. */
function written({ source, vectors }: VectorFile): string {
  const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`);
  return `{\n  "source": ${JSON.stringify(source)},\n  "vectors": [\n${lines.join(",\n")}\n  ]\n}\n`;
}
