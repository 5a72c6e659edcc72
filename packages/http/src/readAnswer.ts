import { concat } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/**
 * Reads an answer's body to its end, and no further than a bound: a body that says it is longer is not begun with, one
 * that turns out to be longer is broken off. At most `bytesMax` and one piece of the transfer are in memory.
 *
 * @param name - Of the part that answers, for the error.
 * @param bytesMax - Largest body, in bytes as they are after any content coding.
 * @throws {AnamnesisError} TOO_LARGE. What breaks a transfer off is thrown as it is.
 */
export async function readAnswer(
  response: Response,
  name: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const { body } = response;
  if (body === null) return new Uint8Array(0);
  const said = Number(response.headers.get("content-length") ?? "0");
  if (said > bytesMax) {
    await body.cancel().catch(() => undefined);
    throw tooLarge(name, bytesMax);
  }
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(...parts);
    size += value.length;
    if (size > bytesMax) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(name, bytesMax);
    }
    parts.push(value);
  }
}

const tooLarge = (name: string, bytesMax: number): AnamnesisError =>
  new AnamnesisError("TOO_LARGE", `The ${name} answers more than ${bytesMax} bytes`);
