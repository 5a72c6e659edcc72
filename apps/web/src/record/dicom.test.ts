import assert from "node:assert/strict";
import test from "node:test";
import { pictureOf } from "./dicom.ts";

/** A DICOM file of explicit elements: [group, element, value representation, value]. */
function dicomFile(
  elements: readonly (readonly [number, number, string, Uint8Array])[],
  syntax = "1.2.840.10008.1.2.1",
): Uint8Array {
  const meta: typeof elements = [[0x0002, 0x0010, "UI", text(syntax)]];
  const bytes = [...meta, ...elements].flatMap(([group, element, vr, value]) => {
    const isLong = vr === "OW" || vr === "OB";
    const head = new DataView(new ArrayBuffer(isLong ? 12 : 8));
    head.setUint16(0, group, true);
    head.setUint16(2, element, true);
    head.setUint8(4, vr.charCodeAt(0));
    head.setUint8(5, vr.charCodeAt(1));
    if (isLong) head.setUint32(8, value.length, true);
    else head.setUint16(6, value.length, true);
    return [...new Uint8Array(head.buffer), ...value];
  });
  return Uint8Array.from([...new Uint8Array(128), ...text("DICM"), ...bytes]);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value.length % 2 === 0 ? value : `${value}\0`);
}
const short = (value: number): Uint8Array => new Uint8Array(Uint16Array.of(value).buffer);

const greys = (kind: string, more: Parameters<typeof dicomFile>[0] = []) => [
  [0x0028, 0x0002, "US", short(1)] as const,
  [0x0028, 0x0004, "CS", text(kind)] as const,
  [0x0028, 0x0010, "US", short(1)] as const,
  [0x0028, 0x0011, "US", short(3)] as const,
  [0x0028, 0x0100, "US", short(16)] as const,
  [0x0028, 0x0101, "US", short(12)] as const,
  [0x0028, 0x0103, "US", short(0)] as const,
  ...more,
  [0x7fe0, 0x0010, "OW", new Uint8Array(Uint16Array.of(0, 1000, 2000).buffer)] as const,
];
const firsts = (pixels: Uint8ClampedArray | undefined) => [0, 4, 8].map((at) => pixels?.[at]);

test("pictureOf() draws greys from the darkest to the lightest, and the other way where the file says so", () => {
  const picture = pictureOf(dicomFile(greys("MONOCHROME2")));
  assert.deepEqual([picture?.width, picture?.height, picture?.count], [3, 1, 1]);
  assert.deepEqual(firsts(picture?.pixels), [0, 128, 255]);
  assert.deepEqual(firsts(pictureOf(dicomFile(greys("MONOCHROME1")))?.pixels), [255, 128, 0]);
});

test("pictureOf() takes the file's own window over slope and intercept", () => {
  const window = [
    [0x0028, 0x1050, "DS", text("1001")],
    [0x0028, 0x1051, "DS", text("1001")],
    [0x0028, 0x1052, "DS", text("-1000")],
    [0x0028, 0x1053, "DS", text("2")],
  ] as const;
  const picture = pictureOf(dicomFile(greys("MONOCHROME2", window)));
  assert.deepEqual(firsts(picture?.pixels), [0, 127, 255]);
});

test("pictureOf() draws nothing of what is compressed, cut short, enormous or no DICOM", () => {
  const good = greys("MONOCHROME2");
  const huge = good.map((element) =>
    element[1] === 0x0011 ? ([0x0028, 0x0011, "US", short(65_535)] as const) : element,
  );
  for (const [what, bytes] of [
    ["compressed", dicomFile(good, "1.2.840.10008.1.2.4.70")],
    ["without pixels", dicomFile(good.slice(0, -1))],
    ["enormous", dicomFile(huge)],
    ["cut short", dicomFile(good).subarray(0, 200)],
    ["no DICOM", text("%PDF-1.4 and so on")],
    ["nothing", new Uint8Array()],
  ] as const)
    assert.equal(pictureOf(bytes), undefined, what);
});
