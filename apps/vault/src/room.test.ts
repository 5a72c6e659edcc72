import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChainId } from "@anamnesis/protocol";
import { Room } from "./room.ts";

const [own, guest] = [parseChainId("general-hospital"), parseChainId("city-hospital")];
const unbounded = Number.POSITIVE_INFINITY;
const full = { code: "STORAGE_FULL" };

test("take() fills a vault to its last byte and not beyond, whoever's the bytes are", () => {
  const room = new Room({ bytes: 100, bytesOf: () => unbounded });
  room.take(own, 60);
  assert.throws(() => room.take(guest, 41), full);
  room.take(guest, 40);
  assert.throws(() => room.take(own, 1), full);
});

test("take() fills an institution's share to its last byte, and nobody else's with it", () => {
  const room = new Room({ bytes: unbounded, bytesOf: (chain) => (chain === own ? unbounded : 50) });
  room.take(guest, 20);
  room.take(own, 1_000);
  assert.throws(() => room.take(guest, 31), full);
  room.take(guest, 30);
  assert.throws(() => room.take(guest, 1), full);
  room.count(guest, -10);
  room.take(guest, 10);
});
