/** A record's object is read from one vault after the other; who did not give it is told, with what it said. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CryptoError, streamOf } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { ErrorCode, Vault } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import { readHead, StoredObject } from "./storedObject.ts";

const said = (code: ErrorCode) => new AnamnesisError(code, `says ${code}`);

/** An object in vaults of which each fails so, or gives its own name; what was asked is noted. */
function inVaults(answers: Readonly<Record<string, unknown>>) {
  const vaults = Object.keys(answers).map((id): Vault => ({
    id,
    institution: hospital,
    address: `http://${id}.example`,
  }));
  const asked: string[] = [];
  const object = new StoredObject(new Uint8Array(32), vaults, async ({ id }) => async () => {
    asked.push(id);
    if (answers[id] !== undefined) throw answers[id];
    return streamOf([new TextEncoder().encode(id)]);
  });
  const read = () => object.read(async (stream) => new Response(stream).text());
  return { object, read, asked };
}

suite("StoredObject", () => {
  test("is read from the first vault that gives it, and goes on with that one", async () => {
    const { object, read, asked } = inVaults({
      a: said("NOT_FOUND"),
      b: new CryptoError("E_DECRYPT", "spoilt"),
      c: undefined,
      d: undefined,
    });
    for (const _ of [1, 2]) assert.equal(await read(), "c");
    assert.deepEqual(asked, ["a", "b", "c", "c"]);
    const institution = hospital;
    assert.deepEqual(object.passed, [
      { vault: "a", institution, code: "NOT_FOUND" },
      { vault: "b", institution, code: "E_DECRYPT" },
    ]);
  });

  test("fails with what says most of all that its vaults said", async () => {
    const rows: readonly [Record<string, unknown>, string][] = [
      [{}, "NOT_FOUND"],
      [{ a: said("NOT_FOUND") }, "NOT_FOUND"],
      [{ a: said("NOT_FOUND"), b: said("UNAVAILABLE") }, "UNAVAILABLE"],
      [{ a: said("UNAVAILABLE"), b: said("NOT_FOUND") }, "UNAVAILABLE"],
      [
        { a: said("UNAVAILABLE"), b: said("DIGEST_MISMATCH"), c: said("NOT_FOUND") },
        "DIGEST_MISMATCH",
      ],
      [{ a: new CryptoError("E_DECRYPT", "spoilt"), b: said("UNAVAILABLE") }, "E_DECRYPT"],
    ];
    for (const [answers, code] of rows)
      await assert.rejects(inVaults(answers).read(), (error: AnamnesisError) => {
        assert.ok(error instanceof AnamnesisError);
        assert.equal(error.code, code);
        return true;
      });
  });

  test("passes over no vault for what is none's fault", async () => {
    const own = new CryptoError("E_FORMAT", "own");
    const coded = Object.assign(new TypeError("broken"), { code: "E_DECRYPT" });
    for (const error of [own, coded]) {
      const { object, read, asked } = inVaults({ a: error, b: undefined });
      await assert.rejects(read(), error);
      assert.deepEqual([asked, object.passed], [["a"], []]);
    }
  });

  test("passOver() fails once no vault is left, and after that with what it was told", async () => {
    const { object, read } = inVaults({ a: undefined, b: undefined });
    object.passOver(said("DIGEST_MISMATCH"));
    assert.equal(await read(), "b");
    assert.throws(() => object.passOver(said("NOT_FOUND")), { code: "DIGEST_MISMATCH" });
    assert.throws(() => object.passOver(said("BUSY")), { code: "BUSY" });
    assert.equal(object.passed.length, 2);
  });
});

test("readHead() says of bytes that do not open that they were changed, and of a source's failure what that says", async () => {
  const addressKey = new Uint8Array(32);
  await assert.rejects(readHead(streamOf([new Uint8Array(100)]), addressKey), (error) => {
    assert.ok(error instanceof AnamnesisError);
    assert.deepEqual([error.code, error.cause instanceof CryptoError], ["E_DECRYPT", true]);
    return true;
  });
  const broken = new ReadableStream<Uint8Array>({
    pull: (control) => control.error(said("UNAVAILABLE")),
  });
  await assert.rejects(readHead(broken, addressKey), { code: "UNAVAILABLE" });
});
