import { readFile } from "node:fs/promises";
import { AnamnesisError, jsonValue } from "@anamnesis/protocol";
import { failureOf } from "./failure.ts";
import type { Server } from "./serve.ts";

/** What the configuration file holds: fields of the server's configuration, and paths of the documents that it trusts. */
export type ConfigFile = Readonly<Record<string, unknown>>;
/** Reads a file that the configuration names. @throws {AnamnesisError} FILE_UNREADABLE */
export type ReadText = (path: string) => Promise<string>;

/**
 * A server's `main.ts`: reads the JSON file that the command line names, starts, says on stdout that it is ready and where,
 * and stops at SIGINT or SIGTERM. What hinders it is said on stderr as `{"error":{"code","message"}}`, and the process
 * ends with 1.
 *
 * @param start - Starts the server of a configuration. May throw AnamnesisError with any code.
 */
export async function serverMain(
  start: (config: ConfigFile, readText: ReadText) => Promise<Server>,
): Promise<void> {
  try {
    const file = process.argv[2];
    if (file === undefined)
      throw new AnamnesisError("USAGE", "Want the path of a configuration file");
    const server = await start(jsonObject(await readBytes(file)), async (path) =>
      new TextDecoder().decode(await readBytes(path)),
    );
    process.stdout.write(`${JSON.stringify({ ready: true, address: server.address })}\n`);
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => void server.stop());
  } catch (error) {
    process.stderr.write(`${JSON.stringify(failureOf(error).body)}\n`);
    process.exitCode = 1;
  }
}

/** @throws {AnamnesisError} BAD_REQUEST */
function jsonObject(file: Uint8Array): ConfigFile {
  const value = jsonValue(new TextDecoder().decode(file), "Configuration file");
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AnamnesisError("BAD_REQUEST", "Configuration file is not a JSON object");
  return { ...value };
}

const readBytes = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((cause: unknown) => {
    throw new AnamnesisError("FILE_UNREADABLE", "A file of the configuration cannot be read", {
      cause,
    });
  });
