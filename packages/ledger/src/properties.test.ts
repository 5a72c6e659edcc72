import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes, fromHex } from "@anamnesis/crypto/verify";
import {
  appHashOf,
  decodeSlipProof,
  decodeStateProof,
  encodeSlipProof,
  encodeStateProof,
  gidOf,
  makeHead,
  pageHash,
  signPage,
  slipKinds,
  verifySlipProof,
  verifyStateProof,
} from "@anamnesis/protocol";
import type { PageHeader, SlipId, SlipProof, StateProof } from "@anamnesis/protocol";
import { institutions } from "@anamnesis/testing/federation";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import { Scenario } from "@anamnesis/testing/chainScenario";
import { certificatesPage } from "./directory.ts";
import { pageHeader, pageSlips, proveSlip, proveState } from "./proveState.ts";
import { recount } from "./recount.ts";
import { rows } from "./rows.ts";

/** Two members sign the chain's newest height. */
const signed = <P extends SlipProof | StateProof>(chain: TestChain, proof: P): P => ({
  ...proof,
  heads: chain.genesis.members.slice(0, 2).map(({ id: institution }) =>
    makeHead(
      {
        chain: chain.genesis.chain,
        height: chain.height,
        appHash: chain.appHash,
        time: chain.time,
        institution,
      },
      signer(keyOf(institution)),
    ),
  ),
});
const subject = (chain: TestChain) => ({ chain: chain.genesis.chain, height: chain.height });

function checkSlip(chain: TestChain, id: SlipId): "openPage" | "page" {
  const proof = proveSlip(chain.state, subject(chain), id);
  assert.ok(proof, "an accepted slip is provable");
  const decoded = decodeSlipProof(encodeSlipProof(signed(chain, proof)));
  assert.equal(verifySlipProof(chain.genesis, decoded).slip.id, id);
  return proof.place.in;
}

const seeds = [1, 2, 3, 4];
for (const kind of ["care", "consortium"] as const) {
  for (const seed of seeds) {
    test(`random interleavings on a ${kind} chain keep the invariants (seed ${seed})`, () => {
      const scenario = new Scenario(seed, kind);
      const { chain } = scenario;
      const accepted: SlipId[] = [];
      const headers: PageHeader[] = [];
      const codes = new Set<string>();
      for (let i = 0; i < 60; i += 1) {
        const before = chain.appHash;
        const { groups, result } = scenario.step();
        const results = result.results.flat();
        const fresh = results.filter(({ code }) => code === "OK").map(({ id }) => id);
        results.forEach(({ code }) => codes.add(code));
        accepted.push(...fresh);
        headers.push(...result.sealed);
        assert.ok(equalBytes(result.appHash, appHashOf(result.roots)));
        if (fresh.length === 0 && result.sealed.length === 0)
          assert.ok(
            equalBytes(before, chain.appHash),
            "a block that changes nothing keeps the app hash",
          );
        if (groups.length === 0 && result.sealed.length === 0) assert.equal(result.writes.size, 0);
        for (const id of fresh.slice(0, 2)) checkSlip(chain, id);
      }
      assert.equal(new Set(accepted).size, accepted.length, "no slip is accepted twice");
      headers.forEach((header, no) => {
        assert.equal(header.no, no);
        assert.ok(
          equalBytes(header.prevHash, no === 0 ? new Uint8Array(32) : pageHash(headers[no - 1]!)),
          "the page chain is unbroken",
        );
        assert.deepEqual(pageHeader(chain.state, no), header);
      });
      assert.deepEqual(
        headers.flatMap(({ no }) => pageSlips(chain.state, no) ?? []),
        accepted.slice(
          0,
          headers.reduce((sum, { count }) => sum + count, 0),
        ),
      );
      const places = new Set(accepted.map((id) => checkSlip(chain, id)));
      assert.ok(
        places.has("page") && headers.length > 5 && codes.size > 4,
        "the scenario is worth its name",
      );
      const { roots, fault } = recount(chain.state);
      assert.equal(fault, undefined);
      assert.ok(equalBytes(appHashOf(roots), chain.appHash));
    });
  }
}

test("absent grants, certificates and members are provable beside the present ones", () => {
  const scenario = new Scenario(9, "consortium");
  for (let i = 0; i < 60; i += 1) scenario.step();
  const { chain } = scenario;
  const value = (map: "grants" | "keys" | "institutions", id: string) =>
    verifyStateProof(
      chain.genesis,
      decodeStateProof(
        encodeStateProof(signed(chain, proveState(chain.state, subject(chain), map, id))),
      ),
    ).value;
  const gids = Array.from({ length: 60 }, (_, i) => gidOf(keyOf(`grant ${i}`).publicKey));
  for (const gid of gids)
    assert.deepEqual(value("grants", gid), chain.state.get(rows.grant.key(fromHex(gid))));
  assert.ok(
    gids.some((gid) => value("grants", gid) === undefined) &&
      gids.some((gid) => value("grants", gid) !== undefined),
  );
  for (const institution of institutions)
    for (const { fingerprint } of certificatesPage(
      chain.state,
      chain.genesis,
      { institution },
      { limit: 500 },
    ).found)
      assert.ok(value("keys", fingerprint));
  assert.equal(value("keys", "f".repeat(64)), undefined);
  for (const id of institutions) assert.ok(value("institutions", id));
  assert.equal(value("institutions", "nobody"), undefined);
});

test("a countersigned page shows who re-executed it", () => {
  const scenario = new Scenario(5, "care");
  for (let i = 0; i < 30; i += 1) scenario.step();
  const { chain } = scenario;
  const id = pageSlips(chain.state, 0)![0]!;
  const proof = signed(chain, proveSlip(chain.state, subject(chain), id)!);
  assert.ok(proof.place.in === "page");
  const { header } = proof.place;
  const countersignatures = chain.genesis.members.map(({ id: institution }) => ({
    institution,
    signature: signPage(chain.genesis.chain, header, signer(keyOf(institution))),
  }));
  const verified = verifySlipProof(chain.genesis, {
    ...proof,
    place: { ...proof.place, countersignatures },
  });
  assert.deepEqual(
    verified.countersigned,
    chain.genesis.members.map(({ id: institution }) => institution),
  );
});

test("every slip kind is accepted somewhere in the scenarios", () => {
  const kinds = new Set<string>();
  for (const kind of ["care", "consortium"] as const) {
    const scenario = new Scenario(11, kind);
    for (let i = 0; i < 80; i += 1)
      for (const result of scenario.step().result.results.flat())
        if (result.code === "OK") kinds.add(result.kind);
  }
  const leftToTables = ["institution.suspend", "chain.register"];
  assert.deepEqual(
    Object.keys(slipKinds).filter((kind) => !kinds.has(kind)),
    leftToTables,
  );
});
