import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256, utf8 } from "@anamnesis/crypto/verify";
import type { Genesis, Vault } from "./genesis.ts";
import type { InstitutionId } from "./ids.ts";
import { vaultsInOrder } from "./vaultOrder.ts";

const vaults: readonly Vault[] = ["a", "b", "c", "d"].map((id) => ({
  id: `vault-${id}`,
  institution: `hospital-${id}` as InstitutionId,
  address: `http://${id}.example`,
}));
const objects = Array.from({ length: 1_000 }, (_, at) => sha256(utf8(`object ${at}`)));
const orderOf = (
  object: Uint8Array,
  among: NonNullable<Genesis["consortium"]>["vaults"] = vaults,
): string[] =>
  vaultsInOrder({ vaults: among }, { institution: "hospital-b", object }).map(({ id }) => id);

test("vaultsInOrder() begins with the institution's own and names every vault once", () => {
  for (const object of objects) {
    const order = orderOf(object);
    assert.equal(order[0], "vault-b");
    assert.deepEqual(order.toSorted(), ["vault-a", "vault-b", "vault-c", "vault-d"]);
  }
});

test("vaultsInOrder() gives each other vault its share of second homes", () => {
  const seconds = Map.groupBy(objects, (object) => orderOf(object)[1]);
  for (const id of ["vault-a", "vault-c", "vault-d"])
    assert.ok(Math.abs((seconds.get(id)?.length ?? 0) - 333) < 60, id);
});

test("vaultsInOrder() keeps the order of the others when a vault goes, in whatever order genesis names them", () => {
  for (const object of objects) {
    const without = orderOf(
      object,
      vaults.filter(({ id }) => id !== "vault-c"),
    );
    assert.deepEqual(
      without,
      orderOf(object, vaults.toReversed()).filter((id) => id !== "vault-c"),
    );
  }
});

test("vaultsInOrder() is the same for everybody: a fixed object has a fixed order", () => {
  assert.deepEqual(orderOf(objects[0]!), ["vault-b", "vault-c", "vault-d", "vault-a"]);
});
