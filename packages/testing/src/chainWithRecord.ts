import { makeGenesis } from "./federation.ts";
import { TestChain, certify, openVisit, recordSlip } from "./testChain.ts";
import type { MadeSlip } from "./testChain.ts";

/** A care chain on which dr-lin wrote the record "r" for "visit"; "other visit" is open, too. */
export function chainWithRecord(): {
  readonly care: TestChain;
  /** Fingerprint of dr-lin's certificate. */
  readonly lin: Uint8Array;
  /** The accepted `record.submit`. */
  readonly submitted: MadeSlip;
} {
  const care = new TestChain(makeGenesis("care"));
  const lin = certify(care, "dr-lin");
  for (const visit of ["visit", "other visit"]) openVisit(care, visit);
  const written = { visit: "visit", doctor: "dr-lin", fingerprint: lin, label: "r" };
  const submitted = recordSlip(care, written);
  const code = care.submit(submitted);
  if (code !== "OK") throw new Error(`The record was refused: ${code}`);
  return { care, lin, submitted };
}
