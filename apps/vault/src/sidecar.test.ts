import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { named, newId } from "@anamnesis/testing/storeCompliance";
import { encodeSidecar, readSidecar } from "./sidecar.ts";

const id = newId();
const object = { ...named(id), bytes: 3, sha256: sha256(utf8("abc")) };
const facts = JSON.parse(encodeSidecar(object)) as Record<string, unknown>;

/** A sidecar that says something else, with the check that fits what it says: nobody needs a key for that. */
function saying(change: Record<string, unknown>): string {
  const { check: _, ...said } = { ...facts, ...change };
  const check = toHex(sha256(utf8(JSON.stringify({ ...said, v: 1 }))));
  return JSON.stringify({ ...said, check, ...("check" in change ? change : {}) });
}

test("readSidecar() gives back what encodeSidecar() wrote", async () => {
  const path = join(await temporaryFolder("vault-sidecar-"), "sum");
  await writeFile(path, encodeSidecar(object));
  const read = await readSidecar(path, id);
  assert.deepEqual(
    { ...read, sha256: toHex(read.sha256) },
    { ...object, sha256: toHex(object.sha256) },
  );
  await writeFile(path, saying({}));
  assert.equal((await readSidecar(path, id)).bytes, 3);
});

test("readSidecar() refuses what is no sidecar, though its check fits", async (t) => {
  const path = join(await temporaryFolder("vault-sidecar-"), "sum");
  const rows: Record<string, Record<string, unknown>> = {
    "of another version": { v: 2 },
    "of another object": { object: newId() },
    "of an object whose id is a number": { object: 5 },
    "of a chain that is none": { chain: "No chain" },
    "of a chain that is a number": { chain: 5 },
    "with half a byte": { bytes: 1.5 },
    "with a length that is a text": { bytes: "3" },
    "with a hash that is too short": { sha256: "ab" },
    "with a hash in capitals": { sha256: "AB".repeat(32) },
    "with a hash that is a number": { sha256: 5 },
    "with a hash in a list": { sha256: ["ab".repeat(32)] },
    "with a check that is a number": { check: 5 },
    "with another check": { check: "ab".repeat(32) },
  };
  for (const [what, change] of Object.entries(rows))
    await t.test(what, async () => {
      await writeFile(path, saying(change));
      await assert.rejects(readSidecar(path, id), { code: "OBJECT_CORRUPT" });
    });
});
