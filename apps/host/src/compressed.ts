import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const packed = { br: promisify(brotliCompress), gzip: promisify(gzip) } as const;

/** Encodings that the portal gives, the better one first. */
export type Encoding = keyof typeof packed;

/** Less than this is sent as it is: bytes. */
const BYTES_MIN = 1_024;
/** Almost as small as the highest, in a tenth of its time. */
const BROTLI_QUALITY = 9;

/** Whether bytes of a media type get smaller. */
export const isCompressible = (mediaType: string, size: number): boolean =>
  size >= BYTES_MIN && /^text\/|json|xml|wasm/.test(mediaType);

/**
 * The encoding that a request takes (RFC 9110, 12.5.3), of those that the portal gives.
 *
 * @param accepted - The header `accept-encoding`.
 */
export function encodingFor(accepted: string | undefined): Encoding | undefined {
  const weights = new Map(
    (accepted ?? "").split(",").map((part) => {
      const [name = "", ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight)] as const;
    }),
  );
  const takes = (name: string): boolean => (weights.get(name) ?? weights.get("*") ?? 0) > 0;
  return takes("br") ? "br" : takes("gzip") ? "gzip" : undefined;
}

/** Compresses, off the main thread. */
export function compress(bytes: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
  return encoding === "br"
    ? packed.br(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
    : packed.gzip(bytes, { level: 9 });
}
