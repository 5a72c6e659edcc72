import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@anamnesis/crypto/verify";
import { grantDocument } from "@anamnesis/protocol";
import type { Grant } from "@anamnesis/protocol";
import { holderOf } from "@anamnesis/testing/grantSlips";
import { bytesOf } from "@anamnesis/testing/keys";
import { ReadGrants } from "./readGrants.ts";

const documents = new Map<string, Uint8Array>();
const find = (gid: string): Uint8Array => documents.get(gid)!;

/** A grant that is held under its label. */
const held = (label: string) => {
  const grant: Grant = {
    v: 1,
    suite: "MRS-V1",
    chain: "consortium",
    key: bytesOf(label, 32),
    reader: holderOf(bytesOf("reader")),
    salt: bytesOf("salt"),
    revoker: bytesOf("revoker"),
    tags: [],
    records: null,
    actions: ["read"],
    purposes: ["TREAT"],
    notBefore: 1,
    notAfter: 2,
    k: 3,
    proxies: [],
  };
  const bytes = grantDocument.encode(grant);
  documents.set(label, bytes);
  return { digest: sha256(bytes), bytes };
};

test("of() reads a grant once as long as it is kept, and keeps no more bytes than it may", () => {
  const [a, b, c] = [held("a"), held("b"), held("c")];
  const { length } = a.bytes;
  const read = new ReadGrants(find, 2 * length);
  const first = read.of("a", a);
  assert.deepEqual(first, grantDocument.decode(a.bytes));
  read.of("b", b);
  assert.equal(read.of("a", a), first);
  read.of("c", c); // drives b out, which was used longest ago
  assert.equal(read.of("a", a), first);
  assert.equal(read.bytes, 2 * length);
  const none = new ReadGrants(find, 1);
  assert.notEqual(none.of("a", a), none.of("a", a));
  assert.equal(none.bytes, 0);
});

test("of() takes another deal of a grant for another one", () => {
  const read = new ReadGrants(find);
  const deal = held("a");
  const { key } = read.of("a", deal);
  documents.set("a", held("b").bytes);
  assert.deepEqual(read.of("a", deal).key, key);
  assert.notDeepEqual(read.of("a", { digest: sha256(deal.digest) }).key, key);
});
