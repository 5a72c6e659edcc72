import dicomParser from "dicom-parser";
import type { DataSet } from "dicom-parser";

/** A picture as a canvas takes it: four bytes a pixel, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Pictures in the file; this is the first. */
  readonly count: number;
}

/** Transfer syntaxes whose pixels stand as they are, little-endian. */
const plain = new Set(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]);
const SIDE_MAX = 8_192;

/**
 * The first picture of a DICOM file, in the greys or colours that the file itself asks for (PS3.3 C.7.6.3, C.11.1,
 * C.11.2.1.2).
 *
 * @returns `undefined` for what is compressed, of another kind, or no DICOM: it can be downloaded only.
 */
export function pictureOf(bytes: Uint8Array): Picture | undefined {
  try {
    const file = dicomParser.parseDicom(bytes);
    return plain.has(file.string("x00020010") ?? "") ? drawn(file) : undefined;
  } catch {
    return undefined;
  }
}

function drawn(file: DataSet): Picture | undefined {
  const height = file.uint16("x00280010") ?? 0;
  const width = file.uint16("x00280011") ?? 0;
  const samples = file.uint16("x00280002") ?? 1;
  const bits = file.uint16("x00280100") ?? 0;
  const count = file.intString("x00280008") ?? 1;
  const data = file.elements["x7fe00010"];
  const size = width * height * samples * (bits / 8);
  if (data === undefined || data.length < size || size === 0) return undefined;
  if (width > SIDE_MAX || height > SIDE_MAX) return undefined;
  const stored = file.byteArray.slice(data.dataOffset, data.dataOffset + size) as Uint8Array;
  const kind = file.string("x00280004") ?? "";
  const pixels = new Uint8ClampedArray(width * height * 4);
  if (samples === 3 && bits === 8 && kind === "RGB" && (file.uint16("x00280006") ?? 0) === 0)
    drawColours(stored, pixels);
  else if (samples === 1 && (bits === 8 || bits === 16) && kind.startsWith("MONOCHROME"))
    drawGreys(file, valuesOf(file, stored, bits), pixels);
  else return undefined;
  return { width, height, pixels, count };
}

function drawColours(stored: Uint8Array, pixels: Uint8ClampedArray): void {
  for (let at = 0; at * 3 < stored.length; at++) {
    pixels.set(stored.subarray(at * 3, at * 3 + 3), at * 4);
    pixels[at * 4 + 3] = 255;
  }
}

/** Modality values: the stored bits, signed or not, by slope and intercept. */
function valuesOf(file: DataSet, stored: Uint8Array, bits: number): Float64Array {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const isSigned = (file.uint16("x00280103") ?? 0) === 1;
  const used = file.uint16("x00280101") ?? bits;
  const slope = file.floatString("x00281053") ?? 1;
  const intercept = file.floatString("x00281052") ?? 0;
  const unused = 32 - used;
  return Float64Array.from({ length: (stored.length * 8) / bits }, (_, at) => {
    const raw = bits === 8 ? view.getUint8(at) : view.getUint16(at * 2, true);
    const value = isSigned ? (raw << unused) >> unused : (raw << unused) >>> unused;
    return value * slope + intercept;
  });
}

/** By the file's own window, else from its darkest to its lightest. */
function drawGreys(file: DataSet, values: Float64Array, pixels: Uint8ClampedArray): void {
  const centre = file.floatString("x00281050", 0);
  const asked = file.floatString("x00281051", 0);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (centre !== undefined && asked !== undefined && asked > 1)
    [low, high] = [centre - 0.5 - (asked - 1) / 2, centre - 0.5 + (asked - 1) / 2];
  const isInverse = file.string("x00280004") === "MONOCHROME1";
  for (const [at, value] of values.entries()) {
    const grey = ((value - low) / Math.max(high - low, 1e-9)) * 255;
    const shown = isInverse ? 255 - grey : grey;
    pixels.set([shown, shown, shown, 255], at * 4);
  }
}
