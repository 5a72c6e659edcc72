/**
 * A small valid DICOM file: one secondary capture of `side` × `side` grey pixels, explicit VR little endian, no person's
 * name. Source: DICOM PS3.10 section 7.1 (preamble and meta information), PS3.5 section 7.1.2 (elements).
 */
export function dicomSlice(side: number): Uint8Array<ArrayBuffer> {
  const image = `2.25.1000${side}`;
  const meta = [
    element(0x0002, 0x0001, "OB", Buffer.from([0, 1])),
    element(0x0002, 0x0002, "UI", text(SECONDARY_CAPTURE, "\0")),
    element(0x0002, 0x0003, "UI", text(image, "\0")),
    element(0x0002, 0x0010, "UI", text("1.2.840.10008.1.2.1", "\0")),
    element(0x0002, 0x0012, "UI", text("2.25.1", "\0")),
  ];
  const pixels = Buffer.from(Array.from({ length: side * side }, (_, at) => (at * 7) % 256));
  const dataset = [
    element(0x0008, 0x0016, "UI", text(SECONDARY_CAPTURE, "\0")),
    element(0x0008, 0x0018, "UI", text(image, "\0")),
    element(0x0008, 0x0020, "DA", text("20251120", " ")),
    element(0x0008, 0x0060, "CS", text("OT", " ")),
    element(0x0010, 0x0010, "PN", text("", " ")),
    element(0x0010, 0x0020, "LO", text("SYN-1", " ")),
    element(0x0020, 0x000d, "UI", text("2.25.2", "\0")),
    element(0x0020, 0x000e, "UI", text("2.25.3", "\0")),
    element(0x0028, 0x0002, "US", short(1)),
    element(0x0028, 0x0004, "CS", text("MONOCHROME2", " ")),
    element(0x0028, 0x0010, "US", short(side)),
    element(0x0028, 0x0011, "US", short(side)),
    element(0x0028, 0x0100, "US", short(8)),
    element(0x0028, 0x0101, "US", short(8)),
    element(0x0028, 0x0102, "US", short(7)),
    element(0x0028, 0x0103, "US", short(0)),
    element(0x7fe0, 0x0010, "OB", pixels),
  ];
  const length = element(0x0002, 0x0000, "UL", long(Buffer.concat(meta).length));
  const head = [Buffer.alloc(128), Buffer.from("DICM"), length];
  return new Uint8Array(Buffer.concat([...head, ...meta, ...dataset]));
}

const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";

/** One data element; `OB` has two spare bytes and four of length, the other value representations used here two. */
function element(group: number, number: number, vr: string, value: Buffer): Buffer {
  const head = [short(group), short(number), Buffer.from(vr)];
  const length = vr === "OB" ? [short(0), long(value.length)] : [short(value.length)];
  return Buffer.concat([...head, ...length, value]);
}

/** ASCII, padded to an even length. */
const text = (value: string, pad: string): Buffer =>
  Buffer.from(value.length % 2 === 0 ? value : value + pad, "ascii");

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
