import { AnamnesisError } from "@anamnesis/protocol";
import type { Incoming } from "./http.ts";

const MEBIBYTE = 1024 * 1024;

/**
 * The whole body, for requests that are small by nature.
 *
 * @param bytesMax - Refused as soon as more has arrived; default 1 MiB.
 * @throws {AnamnesisError} TOO_LARGE, BAD_REQUEST (the caller hung up).
 */
export async function readBody(request: Incoming, bytesMax = MEBIBYTE): Promise<Uint8Array> {
  const tooLarge = () =>
    new AnamnesisError("TOO_LARGE", `Body refused: at most ${bytesMax} bytes wanted`);
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLarge();
  const { body } = request;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const brokeOff = (cause?: unknown) =>
    new AnamnesisError("BAD_REQUEST", "Request broke off before its body was whole", { cause });
  // Events, not `for await`: an iterator costs more than a small request itself.
  return new Promise((resolve, reject) => {
    body.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) return void chunks.push(chunk);
      body.removeAllListeners("data").resume(); // So that the answer is not lost behind what nobody reads.
      reject(tooLarge());
    });
    body.once("end", () => resolve(joined(chunks)));
    body.once("error", (cause) => reject(brokeOff(cause)));
    body.once("close", () => {
      if (!body.readableEnded) reject(brokeOff());
    });
  });
}

/** A small body comes in one piece, which needs no copy. */
function joined(chunks: readonly Buffer[]): Uint8Array {
  const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

/**
 * A JSON object from a body's bytes.
 * @throws {AnamnesisError} BAD_REQUEST
 */
export function jsonObject(body: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new AnamnesisError("BAD_REQUEST", "Body is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AnamnesisError("BAD_REQUEST", "Body is not a JSON object");
  }
  return value as Record<string, unknown>;
}
