import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@anamnesis/crypto/verify";
import { grantDocument } from "@anamnesis/protocol";
import type { Grant } from "@anamnesis/protocol";
import { holderOf } from "@anamnesis/testing/grantSlips";
import { bytesOf } from "@anamnesis/testing/keys";
import { ReadGrants } from "./readGrants.ts";

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
  return { grant: bytes, digest: sha256(bytes) };
};

test("of() reads a grant once as long as it is kept, and keeps no more bytes than it may", () => {
  const [a, b, c] = [held("a"), held("b"), held("c")];
  const read = new ReadGrants(2 * a.grant.length);
  const first = read.of(a);
  assert.deepEqual(first, grantDocument.decode(a.grant));
  read.of(b);
  assert.equal(read.of(a), first);
  read.of(c); // drives b out, which was used longest ago
  assert.equal(read.of(a), first);
  assert.equal(read.bytes, 2 * a.grant.length);
  const none = new ReadGrants(1);
  assert.notEqual(none.of(a), none.of(a));
  assert.equal(none.bytes, 0);
});

test("of() takes another deal of a grant for another one", () => {
  const read = new ReadGrants();
  const [a, b] = [held("a"), held("b")];
  assert.notDeepEqual(read.of(a).key, read.of({ ...b, digest: sha256(b.digest) }).key);
});
