/**
 * `anamnesis`: the entry.
 *
 * Node keeps what it compiled beside the dependencies, for this process and its children: each start is then half as
 * long. The folder belongs to whoever installed the project; a shared one for temporary files would let others put code there.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

const cache = join(import.meta.dirname, "../../../node_modules/.cache/anamnesis");
enableCompileCache(cache);
process.env["NODE_COMPILE_CACHE"] ??= cache;

const { runProgram } = await import("./program.ts");
await runProgram(process.argv.slice(2));
