import { readFile } from "node:fs/promises";
import { AnamnesisError } from "@anamnesis/protocol";
import type { GlobalOptions } from "./options.ts";

/**
 * The passphrase of the device in use: the first line of `--passphrase-file`, else ANAMNESIS_PASSPHRASE, else none.
 *
 * @throws {AnamnesisError} PASSPHRASE_REQUIRED when the file is empty
 */
export async function passphraseOf(options: GlobalOptions): Promise<string | undefined> {
  if (options.passphraseFile !== undefined) {
    const line = (await readFile(options.passphraseFile, "utf8")).split(/\r?\n/)[0] ?? "";
    if (line === "")
      throw new AnamnesisError(
        "PASSPHRASE_REQUIRED",
        "The passphrase file's first line is empty, want the passphrase there",
      );
    return line;
  }
  const said = process.env["ANAMNESIS_PASSPHRASE"];
  return said === undefined || said === "" ? undefined : said;
}

/**
 * How a new device is protected: by the passphrase, or in a demo federation marked as demo where none is given.
 *
 * @throws {AnamnesisError} PASSPHRASE_REQUIRED
 */
export async function protectionOf(
  options: GlobalOptions,
  demo: boolean,
): Promise<{ readonly passphrase: string } | { readonly demo: true }> {
  const passphrase = await passphraseOf(options);
  if (passphrase !== undefined) return { passphrase };
  if (demo) return { demo: true };
  throw new AnamnesisError(
    "PASSPHRASE_REQUIRED",
    "A new device needs a passphrase, want --passphrase-file or ANAMNESIS_PASSPHRASE",
  );
}
