import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromHex } from "@anamnesis/crypto/verify";
import { proveSlip, proveState, rows } from "@anamnesis/ledger";
import { institutions, makeGenesis } from "@anamnesis/testing/federation";
import { revokeFields } from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { TestChain, certify, openVisit, recordSlip } from "@anamnesis/testing/testChain";
import { appHashOf } from "./appHash.ts";
import { certifyEntry, decodeCertified, encodeCertified, verifyCertified } from "./logEntry.ts";
import type { Genesis } from "./genesis.ts";
import { decodeHead, encodeHead, makeHead, verifyHead } from "./heads.ts";
import type { Head } from "./heads.ts";
import type { InstitutionId, SlipId } from "./ids.ts";
import { sizedRoot } from "./merkle.ts";
import { decodePageHeader, encodePageHeader, pageHash, pageLeafHash, signPage } from "./pages.ts";
import {
  decodeSlipProof,
  decodeStateProof,
  encodeSlipProof,
  encodeStateProof,
  verifySlipProof,
  verifyStateProof,
} from "./proofs.ts";
import type { SlipProof, StateProof } from "./proofs.ts";

const chain = new TestChain(makeGenesis("care", { params: { pageSlips: 5 } }));
const lin = certify(chain, "dr-lin");
openVisit(chain, "visit");
const ids: SlipId[] = [];
for (let i = 0; i < 17; i += 1) {
  const slip = recordSlip(chain, {
    visit: "visit",
    doctor: "dr-lin",
    fingerprint: lin,
    label: `r${i}`,
  });
  assert.equal(chain.submit(slip), "OK");
  ids.push(slip.id);
}
const [hospital, national] = ["general-hospital", "national-authority"] as InstitutionId[] as [
  InstitutionId,
  InstitutionId,
];
const subject = { chain: chain.genesis.chain, height: chain.height };
const headBy = (institution: InstitutionId, change: Partial<Head> = {}): Head =>
  makeHead(
    { ...subject, appHash: chain.appHash, time: chain.time, institution, ...change },
    signer(keyOf(institution)),
  );
const heads = [headBy(hospital), headBy(national)];

const openProof: SlipProof = { ...proveSlip(chain.state, subject, ids.at(-1)!)!, heads };
const bare: SlipProof = { ...proveSlip(chain.state, subject, ids[4]!)!, heads };
assert.ok(openProof.place.in === "openPage" && bare.place.in === "page");
const { header } = bare.place;
const countersignatures = [hospital, national].map((institution) => ({
  institution,
  signature: signPage(subject.chain, header, signer(keyOf(institution))),
}));
const pageProof: SlipProof = { ...bare, place: { ...bare.place, countersignatures } };
const present: StateProof = {
  ...proveState(chain.state, subject, "institutions", hospital),
  heads,
};
const absent: StateProof = { ...proveState(chain.state, subject, "institutions", "nobody"), heads };

const other: Genesis = {
  ...chain.genesis,
  members: chain.genesis.members.map((member) => ({
    ...member,
    nodeKey: keyOf(`other ${member.id}`).publicKey,
  })),
};

for (const [what, proof] of Object.entries({
  "an open page": openProof,
  "a sealed page": pageProof,
})) {
  test(`a proof of a slip in ${what} verifies from its bytes and says who signed`, () => {
    const found = verifySlipProof(chain.genesis, decodeSlipProof(encodeSlipProof(proof)));
    assert.deepEqual(found.signers, [hospital, national]);
    assert.deepEqual(found.countersigned, proof === pageProof ? [hospital, national] : []);
    assert.ok(ids.includes(found.slip.id));
  });

  test(`every flipped bit of a proof of a slip in ${what} is refused`, () => {
    everyBit(encodeSlipProof(proof), (bytes) =>
      verifySlipProof(chain.genesis, decodeSlipProof(bytes)),
    );
  });
}

for (const [what, proof] of Object.entries({ presence: present, absence: absent })) {
  test(`a proof of ${what} in the state verifies from its bytes; every flipped bit is refused`, () => {
    const bytes = encodeStateProof(proof);
    const { value } = verifyStateProof(chain.genesis, decodeStateProof(bytes));
    assert.deepEqual(
      value,
      what === "presence" ? chain.state.get(rows.institution.key(hospital)) : undefined,
    );
    // A proof is about the id that its caller asked for.
    everyBit(bytes, (flipped) => {
      const decoded = decodeStateProof(flipped);
      assert.equal(decoded.id, proof.id, "another id");
      return verifyStateProof(chain.genesis, decoded);
    });
  });
}

function everyBit(bytes: Uint8Array, verify: (flipped: Uint8Array) => unknown): void {
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const flipped = bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
    assert.throws(() => verify(flipped), Error, `bit ${bit} of ${bytes.length} bytes`);
  }
}

const forged: Record<string, SlipProof> = {
  "one head only": { ...openProof, heads: heads.slice(0, 1) },
  "two heads of one institution": {
    ...openProof,
    heads: [heads[0]!, headBy(hospital, { time: chain.time + 1 })],
  },
  "a head by a stranger": {
    ...openProof,
    heads: [heads[0]!, headBy("city-hospital" as InstitutionId)],
  },
  "a head of another height": {
    ...openProof,
    heads: [heads[0]!, headBy(national, { height: chain.height + 1 })],
  },
  "a head of another app hash": {
    ...openProof,
    heads: [heads[0]!, headBy(national, { appHash: bytesOf("x") })],
  },
  "a head of another chain": {
    ...openProof,
    heads: [heads[0]!, headBy(national, { chain: "city-hospital" as never })],
  },
  "another slip": { ...openProof, slip: pageProof.slip },
  "another carrier": { ...openProof, carrier: national },
  "another index": { ...openProof, place: { ...openProof.place, index: 0 } },
  "another count": { ...openProof, place: { ...openProof.place, count: 2 } as never },
  "a page that is not on the chain": {
    ...pageProof,
    place: { ...pageProof.place, header: { ...header, no: header.no + 1 } } as never,
  },
  "a page with another time": {
    ...pageProof,
    place: { ...pageProof.place, header: { ...header, time: header.time + 1 } } as never,
  },
  "another number of pages": { ...pageProof, place: { ...pageProof.place, pages: 5 } as never },
  "a countersignature by a stranger": {
    ...pageProof,
    place: {
      ...pageProof.place,
      countersignatures: [
        {
          institution: "city-hospital",
          signature: signPage(subject.chain, header, signer(keyOf("city-hospital"))),
        },
      ],
    } as never,
  },
  "a countersignature of another page": {
    ...pageProof,
    place: {
      ...pageProof.place,
      countersignatures: [
        {
          institution: hospital,
          signature: signPage(subject.chain, { ...header, no: 9 }, signer(keyOf(hospital))),
        },
      ],
    } as never,
  },
};
for (const [what, proof] of Object.entries(forged)) {
  test(`verifySlipProof() refuses ${what}`, () =>
    assert.throws(() => verifySlipProof(chain.genesis, proof), { code: "PROOF_INVALID" }));
}

test("a proof fails under another federation's trust, and under another chain's genesis", () => {
  assert.throws(() => verifySlipProof(other, openProof), { code: "PROOF_INVALID" });
  assert.throws(() => verifyStateProof(other, present), { code: "PROOF_INVALID" });
  assert.throws(() => verifySlipProof(makeGenesis("consortium"), openProof), {
    code: "PROOF_INVALID",
  });
});

test("a slip that was made for another chain proves nothing, wherever it stands", () => {
  const stranger = new TestChain(makeGenesis("consortium"));
  const slip = stranger.slip("grant.revoke", revokeFields("stranger"), keyOf("stranger"));
  const leaf = pageLeafHash(slip.bytes, hospital);
  const place = { in: "openPage", index: 0, count: 1, path: [] } as const;
  const roots = { ...openProof.roots, openPage: sizedRoot(1, leaf) };
  const by = [hospital, national].map((id) => headBy(id, { appHash: appHashOf(roots) }));
  const made = { ...openProof, slip: slip.bytes, carrier: hospital, place, roots, heads: by };
  assert.throws(() => verifySlipProof(chain.genesis, made), /slip was made for another chain/);
});

test("a proof of the state is about its own map and id", () => {
  assert.throws(() => verifyStateProof(chain.genesis, { ...present, map: "keys" }), {
    code: "PROOF_INVALID",
  });
  assert.throws(() => verifyStateProof(chain.genesis, { ...present, id: "national-authority" }), {
    code: "PROOF_INVALID",
  });
  assert.throws(() => verifyStateProof(chain.genesis, { ...absent, id: hospital }), {
    code: "PROOF_INVALID",
  });
});

test("decoding refuses proofs with fields missing, too many or of another version", () => {
  for (const bytes of [
    new Uint8Array(),
    Uint8Array.of(0xa0),
    Uint8Array.of(0xa1, 0x61, 0x76, 2),
    concat(encodeSlipProof(openProof), Uint8Array.of(0)),
  ])
    assert.throws(() => decodeSlipProof(bytes), { name: "AnamnesisError" });
  assert.throws(() => decodeSlipProof(encodeStateProof(present)), { code: "MALFORMED" });
  assert.throws(() => decodeStateProof(encodeSlipProof(openProof)), { code: "MALFORMED" });
});

test("heads, page headers and log entries come back from their bytes; every flipped bit is refused", () => {
  const [head] = heads as [Head];
  assert.deepEqual(decodeHead(encodeHead(head)), head);
  everyBit(encodeHead(head), (bytes) =>
    assert.ok(verifyHead(decodeHead(bytes), keyOf(hospital).publicKey)),
  );
  assert.deepEqual(decodePageHeader(encodePageHeader(header)), header);
  everyBit(encodePageHeader(header), (bytes) =>
    assert.deepEqual(pageHash(decodePageHeader(bytes)), pageHash(header)),
  );
  const entry = {
    chain: subject.chain,
    height: 1,
    time: chain.time,
    proposer: hospital,
    groups: [bytesOf("a group")],
    absent: [institutions[1]!],
    misbehaviour: [institutions[2]!],
  };
  const link = { prevHash: new Uint8Array(32), appHash: chain.appHash };
  const certified = certifyEntry(entry, link, signer(keyOf(hospital)));
  assert.deepEqual(decodeCertified(encodeCertified(certified)), certified);
  everyBit(encodeCertified(certified), (bytes) =>
    assert.ok(verifyCertified(decodeCertified(bytes), keyOf(hospital).publicKey)),
  );
});

test("a head signed for one chain, height, time or institution is none for another", () => {
  const [head] = heads as [Head];
  const changes: Partial<Head>[] = [
    { chain: "city-hospital" as never },
    { height: head.height + 1 },
    { time: head.time + 1 },
    { institution: national },
    { appHash: fromHex("00".repeat(32)) },
  ];
  for (const change of changes)
    assert.ok(!verifyHead({ ...head, ...change }, keyOf(hospital).publicKey));
});
