/**
 * Tessera's POSIX log (github.com/transparency-dev/tessera), fed the same bytes on the same disk: durable, but no
 * signatures and no state. Built with `go install` where Go is; elsewhere its absence is said.
 */
import { execFile, spawn } from "node:child_process";
import { createPrivateKey, createPublicKey, hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MODULE = "github.com/transparency-dev/tessera/cmd/conformance/posix";
const VERSION = "v1.0.4";
const ORIGIN = "anamnesis.example/bench";

export interface RunningTessera {
  readonly port: number;
  stop(): Promise<void>;
}

/** @returns `undefined` where there is no Go. @throws {Error} when it cannot be built or does not start. */
export async function startTessera(): Promise<RunningTessera | undefined> {
  const binary = await install();
  if (binary === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "tessera-"));
  const port = await freePort();
  const child = spawn(binary, [`--storage_dir=${folder}`, `--listen=127.0.0.1:${port}`], {
    env: { ...process.env, LOG_PRIVATE_KEY: noteSigner(ORIGIN) },
    stdio: "ignore",
  });
  await answers(port);
  return {
    port,
    stop: async () => {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function install(): Promise<string | undefined> {
  const bin = fileURLToPath(
    new URL(`../../node_modules/.cache/tessera-${VERSION}`, import.meta.url),
  );
  const binary = join(bin, "posix");
  if (existsSync(binary)) return binary;
  const run = promisify(execFile);
  if ((await run("go", ["version"]).catch(() => undefined)) === undefined) return undefined;
  await run("go", ["install", `${MODULE}@${VERSION}`], { env: { ...process.env, GOBIN: bin } });
  return binary;
}

/** A signing key in the form of Go's `note` package: name, 4 bytes of SHA-256(name, algorithm, key), algorithm 1 and seed. */
function noteSigner(name: string): string {
  const seed = Buffer.from(hash("sha256", name, "buffer"));
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = Buffer.concat([Buffer.of(1), spki.subarray(-32)]);
  const named = Buffer.concat([Buffer.from(`${name}\n`), publicKey]);
  const id = Buffer.from(hash("sha256", named, "buffer")).toString("hex", 0, 4);
  return `PRIVATE+KEY+${name}+${id}+${Buffer.concat([Buffer.of(1), seed]).toString("base64")}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    const response = await fetch(`http://127.0.0.1:${port}/checkpoint`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Tessera does not answer");
}
