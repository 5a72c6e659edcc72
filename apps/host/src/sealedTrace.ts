import { toBase64url } from "@anamnesis/crypto/verify";
import { places } from "@anamnesis/client/folder";
import { spawnChild } from "./childProcess.ts";
import { dataDirectoryOf } from "./dataDirectories.ts";

/** What the node of an institution keeps of whose a visit is, sealed to the registry: its operator takes it out. */
export async function sealedTrace(visit: {
  readonly dir: string;
  readonly institution: string;
  readonly pid: string;
}): Promise<{ readonly sealed?: string }> {
  const { dir, institution, pid } = visit;
  const child = spawnChild(institution, places(dir).logs);
  try {
    const node = dataDirectoryOf(dir, institution, "node");
    const sealed = (await child.call("node", "sealedTrace", node, pid)) as Uint8Array | undefined;
    return sealed === undefined ? {} : { sealed: toBase64url(sealed) };
  } finally {
    await child.stop();
  }
}
