import { readFile } from "node:fs/promises";
import {
  AnamnesisError,
  fromJson,
  list,
  object,
  oneOf,
  optional,
  text,
  uint,
  uintUpTo,
} from "@anamnesis/protocol";
import type { MapFields, ShapedFields } from "@anamnesis/protocol";
import { failureOf } from "./failure.ts";
import type { Server } from "./serve.ts";

/** A path or an address in a configuration file. */
export const line = text(4_096, 1);
const lines = list(line, 1_000);
const bound = object({ perOrigin: uint, inAll: uint });

/** What every server's configuration file may say: the fields of `HttpConfig` that are no functions. */
const httpFields = {
  host: optional(line),
  port: optional(uintUpTo(65_535)),
  authorities: optional(lines),
  reverseProxies: optional(lines),
  logLevel: optional(oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent")),
  corsOrigins: optional(lines),
  bodyPace: optional(object({ graceMs: uint, bytesPerSecond: uint, deadlineMs: uint })),
  connections: optional(bound),
  waitingBytes: optional(bound),
  vainWork: optional(uint),
} satisfies MapFields;

/** What a configuration file holds, exact to the field: a name that is misspelt is an error, not a default. */
export type ConfigFile<F extends MapFields> = ShapedFields<typeof httpFields> & ShapedFields<F>;
/** Reads a file that the configuration names. @throws {AnamnesisError} FILE_UNREADABLE */
export type ReadText = (path: string) => Promise<string>;

/**
 * A server's `main.ts`: reads the JSON file that the command line names, starts, says on stdout that it is ready and where,
 * and stops at SIGINT or SIGTERM. What hinders it is said on stderr as `{"error":{"code","message"}}`, and the process
 * ends with 1.
 *
 * @param fields - What the file holds beside the fields of every server.
 * @param start - Starts the server of a configuration. May throw AnamnesisError with any code.
 */
export async function serverMain<F extends MapFields>(
  fields: F,
  start: (config: ConfigFile<F>, readText: ReadText) => Promise<Server>,
): Promise<void> {
  try {
    const file = process.argv[2];
    if (file === undefined)
      throw new AnamnesisError("USAGE", "Want the path of a configuration file");
    const readText: ReadText = async (path) => new TextDecoder().decode(await readBytes(path));
    const shape = object({ ...httpFields, ...fields });
    const config = fromJson(shape, await readText(file), "Configuration file") as ConfigFile<F>;
    const server = await start(config, readText);
    process.stdout.write(`${JSON.stringify({ ready: true, address: server.address })}\n`);
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => void server.stop());
  } catch (error) {
    process.stderr.write(`${JSON.stringify(failureOf(error).body)}\n`);
    process.exitCode = 1;
  }
}

const readBytes = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((cause: unknown) => {
    throw new AnamnesisError("FILE_UNREADABLE", "A file of the configuration cannot be read", {
      cause,
    });
  });
