import { toUtf8 } from "../text.ts";
import { Random } from "./random.ts";

/**
 * A small valid PDF 1.4 of one page: a letter with a made-up number. ASCII only, so that lengths in characters are
 * lengths in bytes.
 */
export function syntheticPdf(seed: number): Uint8Array<ArrayBuffer> {
  const number = new Random(seed).integer(100_000, 999_999);
  const lines = [
    "Letter to the family doctor",
    `Number ${number}`,
    "Seen today. Please go on with the treatment.",
  ];
  const shown = lines
    .map((line, index) => `${index === 0 ? "72 770 Td" : "0 -24 Td"} (${line}) Tj`)
    .join(" ");
  const content = `BT /F1 14 Tf ${shown} ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let body = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const rows = offsets
    .map((offset) => `${offset.toString().padStart(10, "0")} 00000 n \n`)
    .join("");
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R >>\n`;
  return toUtf8(`${body}${table}startxref\n${body.length}\n%%EOF\n`);
}
