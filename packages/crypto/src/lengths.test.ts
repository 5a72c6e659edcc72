/** A value of another length is refused by name before anything is computed with it. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { LABEL as honestLabel, makeParties, makeTarget } from "@anamnesis/testing/cryptoParties";
import type { Parties } from "@anamnesis/testing/cryptoParties";
import { openSymmetric, sealSymmetric } from "./box.ts";
import { utf8 } from "./encoding/bytes.ts";
import { streamOf } from "./encoding/streams.ts";
import type { CryptoErrorCode } from "./errors.ts";
import { delegateTags } from "./grant/dealGrant.ts";
import { addressKey, openObjectId, sealObjectId } from "./kem/addressKey.ts";
import { checkCapsule, encapsulate } from "./kem/capsule.ts";
import { mlKemDecapsulate, mlKemEncapsulate, mlKemKeys } from "./kem/mlKem.ts";
import { tagSecret } from "./kem/seedKeys.ts";
import { recordDigest } from "./record/digest.ts";
import { openLabel, openSealedLabel } from "./record/label.ts";
import type { SealedHead } from "./record/contentKey.ts";
import { innerMessage } from "./record/plaintext.ts";
import type { RecordMeta } from "./record/plaintext.ts";
import { sealRecord } from "./record/sealRecord.ts";
import type { SealRecordInput } from "./record/sealRecord.ts";
import { sealingChunks } from "./record/stream.ts";
import { BYTES, LABEL } from "./suite.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length);
const aad = utf8("aad");

let parties: Parties;
before(async () => (parties = await makeParties()));

const digests = { headerHash: bytes(32), capsulesHash: bytes(32), bodyHash: bytes(32) };
const sealed = (length: number) => openSymmetric({ key: bytes(32), aad, sealed: bytes(length) });
const label = { secret: bytes(32), tag: bytes(16), ctx: bytes(32) };
const labelOf = (change: Partial<typeof label>) =>
  openSealedLabel(bytes(BYTES.labelCapsule), { ...label, ...change });
const checked = (change: object) =>
  checkCapsule({ capsule: bytes(BYTES.capsule), tag: bytes(16), ctx: bytes(32), ...change });
const place = { addressKey: bytes(32), objectId: bytes(32), bodyHash: bytes(32) };
const wrapped = (change: object) => {
  const { A, ekTag, tag } = makeTarget(parties, "lengths");
  return encapsulate({ A, ekTag, tag, ctx: bytes(32), contentKey: bytes(32), ...change });
};
const header = { recordId: bytes(16), pid: bytes(32), tag: bytes(16), time: 0 };
const meta: RecordMeta = {
  mediaType: "",
  category: "",
  keywords: [],
  size: 0,
  sha256: bytes(32),
  author: bytes(32),
};
const delegated = (tag: Uint8Array, seed = parties.seed) =>
  delegateTags({ seed, tags: [{ tag, institution: "a", epoch: "1" }] });

const rows: readonly {
  readonly what: string;
  readonly code: CryptoErrorCode;
  /** As the error names it; left out where the one error of decryption says nothing. */
  readonly named?: RegExp;
  readonly call: () => unknown;
}[] = [
  {
    what: "sealSymmetric() key",
    code: "E_ARGUMENT",
    named: /symmetric key of 16 /,
    call: () => sealSymmetric({ key: bytes(16), aad, plaintext: bytes(1) }),
  },
  {
    what: "openSymmetric() key",
    code: "E_ARGUMENT",
    named: /symmetric key of 16 /,
    call: () => openSymmetric({ key: bytes(16), aad, sealed: bytes(64) }),
  },
  { what: "openSymmetric() nothing", code: "E_DECRYPT", call: () => sealed(0) },
  { what: "openSymmetric() a nonce alone", code: "E_DECRYPT", call: () => sealed(BYTES.gcmNonce) },
  {
    what: "addressKey() ss64",
    code: "E_ARGUMENT",
    named: /ss64 of 63 /,
    call: () => addressKey({ ss64: bytes(63), tag: bytes(16) }),
  },
  {
    what: "addressKey() tag",
    code: "E_ARGUMENT",
    named: /tag of 15 /,
    call: () => addressKey({ ss64: bytes(64), tag: bytes(15) }),
  },
  {
    what: "sealObjectId() object id",
    code: "E_ARGUMENT",
    named: /object id of 31 /,
    call: () => sealObjectId({ ...place, objectId: bytes(31) }),
  },
  {
    what: "sealObjectId() body hash",
    code: "E_ARGUMENT",
    named: /body hash of 33 /,
    call: () => sealObjectId({ ...place, bodyHash: bytes(33) }),
  },
  {
    what: "encapsulate() content key",
    code: "E_ARGUMENT",
    named: /content key of 31 /,
    call: () => wrapped({ contentKey: bytes(31) }),
  },
  {
    what: "checkCapsule() tag",
    code: "E_FORMAT",
    named: /tag of 15 /,
    call: () => checked({ tag: bytes(15) }),
  },
  {
    what: "checkCapsule() ctx",
    code: "E_FORMAT",
    named: /ctx of 31 /,
    call: () => checked({ ctx: bytes(31) }),
  },
  {
    what: "checkCapsule() capsule",
    code: "E_FORMAT",
    named: /capsule of 1313 /,
    call: () => checked({ capsule: bytes(BYTES.capsule + 1) }),
  },
  {
    what: "mlKemKeys() seed",
    code: "E_ARGUMENT",
    named: /seed of 63 /,
    call: () => mlKemKeys(bytes(63)),
  },
  {
    what: "mlKemEncapsulate() key",
    code: "E_FORMAT",
    named: /encapsulation key of 1183 /,
    call: () => mlKemEncapsulate(bytes(BYTES.ekTag - 1), bytes(32)),
  },
  {
    what: "mlKemEncapsulate() coins",
    code: "E_ARGUMENT",
    named: /coins of 31 /,
    call: () => mlKemEncapsulate(mlKemKeys(bytes(64)).ek, bytes(31)),
  },
  {
    what: "mlKemDecapsulate() key",
    code: "E_FORMAT",
    named: /decapsulation key of 1 /,
    call: () => mlKemDecapsulate(bytes(1), bytes(BYTES.ctPq)),
  },
  {
    what: "mlKemDecapsulate() ciphertext",
    code: "E_FORMAT",
    named: /ciphertext of 1 /,
    call: () => mlKemDecapsulate(mlKemKeys(bytes(64)).dk, bytes(1)),
  },
  {
    what: "tagSecret() tag",
    code: "E_ARGUMENT",
    named: /tag of 15 /,
    call: () => tagSecret({ seed: parties.seed, tag: bytes(15) }),
  },
  ...Object.keys(digests).map((name) => ({
    what: `recordDigest() ${name}`,
    code: "E_ARGUMENT" as const,
    named: new RegExp(`${name} of 31 `),
    call: () => recordDigest({ ...digests, [name]: bytes(31) }),
  })),
  {
    what: "innerMessage() label hash",
    code: "E_ARGUMENT",
    named: /label hash of 31 /,
    call: () => innerMessage(header, meta, bytes(31)),
  },
  {
    what: "delegateTags() tag",
    code: "E_ARGUMENT",
    named: /tag of 15 /,
    call: () => delegated(bytes(15)),
  },
  {
    what: "delegateTags() seed",
    code: "E_ARGUMENT",
    named: /seed of 31 /,
    call: () => delegated(bytes(16), bytes(31)),
  },
  {
    what: "openSealedLabel() secret",
    code: "E_ARGUMENT",
    named: /secret of 31 /,
    call: () => labelOf({ secret: bytes(31) }),
  },
  {
    what: "openSealedLabel() tag",
    code: "E_ARGUMENT",
    named: /tag of 15 /,
    call: () => labelOf({ tag: bytes(15) }),
  },
  {
    what: "openSealedLabel() ctx",
    code: "E_ARGUMENT",
    named: /ctx of 31 /,
    call: () => labelOf({ ctx: bytes(31) }),
  },
  {
    what: "openLabel() ss64",
    code: "E_ARGUMENT",
    named: /ss64 of 63 /,
    call: () => openLabel({ ss64: bytes(63), record: {} as SealedHead }),
  },
  {
    what: "sealingChunks() content key",
    code: "E_ARGUMENT",
    named: /content key of 31 /,
    call: () => sealingChunks({ contentKey: bytes(31), salt: bytes(32), ctx: bytes(32) }),
  },
];

for (const { what, code, named, call } of rows)
  test(`${what} of another length is ${code}`, async () => {
    await assert.rejects(
      async () => call(),
      named === undefined ? { code } : { code, message: named },
    );
  });

test("openObjectId() opens ids of one length, whatever else lies under the same key", async () => {
  const { addressKey: key, objectId } = place;
  const opened = await openObjectId({ addressKey: key, sealed: await sealObjectId(place) });
  assert.deepEqual(opened.objectId, objectId);
  const plaintext = bytes(65);
  const longer = await sealSymmetric({ key, aad: utf8(LABEL.objectId), plaintext });
  await assert.rejects(openObjectId({ addressKey: key, sealed: longer }), { code: "E_DECRYPT" });
});

test("sealRecord() names what of its input is not as it must be", async () => {
  const target = makeTarget(parties, "lengths");
  const author = {
    signingSecretKey: parties.author.secretKey,
    certFingerprint: bytes(32),
    boxPublicKey: parties.authorBox.publicKey,
  };
  let readings = 0;
  const open = () => {
    readings += 1;
    return streamOf([bytes(1)]);
  };
  const input = {
    target,
    author,
    content: { size: 1, open },
    description: {
      mediaClass: "fhir",
      mediaType: "text/plain",
      category: "note",
      keywords: [],
      label: honestLabel,
    },
    time: 0,
  } as const;
  await sealRecord(input);
  const changes: readonly (readonly [RegExp, Partial<SealRecordInput>])[] = [
    [/pid of 31 /, { target: { ...target, pid: bytes(31) } }],
    [/tag of 15 /, { target: { ...target, tag: bytes(15) } }],
    [/address key of 31 /, { target: { ...target, addressKey: bytes(31) } }],
    [/fingerprint of 31 /, { author: { ...author, certFingerprint: bytes(31) } }],
    [/unknown size/, { content: { ...input.content, size: -1 } }],
    [/unknown size/, { content: { ...input.content, size: 0.5 } }],
    [/changed between readings/, { content: { ...input.content, size: 2 } }],
    [/time/, { time: -1 }],
    [/time/, { time: 0.5 }],
  ];
  for (const [message, change] of changes) {
    readings = 0;
    await assert.rejects(sealRecord({ ...input, ...change }), { code: "E_ARGUMENT", message });
    assert.equal(readings, String(message).includes("between readings") ? 1 : 0, `${message}`);
  }
});
