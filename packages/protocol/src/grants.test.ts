/** The grant document: it comes back as it was coded, every bit of it counts, and it lists proxies as D33 allows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededNumbers } from "@anamnesis/testing/chainScenario";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf } from "@anamnesis/testing/keys";
import { staffRoles } from "./enrolment.ts";
import {
  actions,
  faultOfProxies,
  grantDocument,
  intentCommitment,
  isForTreatment,
  proxyIndices,
  purposes,
} from "./grants.ts";
import type { Grant, OpeningAction } from "./grants.ts";
import { parseInstitutionId } from "./ids.ts";
import { isReader, readerCommitment } from "./reader.ts";
import type { Reader } from "./reader.ts";
import { reencryptRequest } from "./requests.ts";

const hospital = parseInstitutionId("general-hospital");
const other = parseInstitutionId("city-hospital");

/** A grant of random choices, the same for the same seed. */
function someGrant(seed: number): Grant {
  const below = seededNumbers(seed);
  const some = <T>(from: readonly T[]): T[] => from.filter(() => below(2) === 0);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const reader: Reader =
    below(2) === 0
      ? { kind: "certificate", fingerprint: bytesOf(`reader ${seed}`) }
      : { kind: "institution", id: pick([hospital, other]), role: pick(staffRoles) };
  return {
    v: 1,
    suite: "MRS-V1",
    chain: "consortium",
    key: bytesOf(`key ${seed}`),
    reader,
    salt: bytesOf(`salt ${seed}`),
    revoker: bytesOf(`revoker ${seed}`),
    tags: Array.from({ length: 1 + below(4) }, (_, t) => ({
      chain: hospital,
      institution: hospital,
      pid: bytesOf(`pid ${seed} ${t}`),
      tag: bytesOf(`tag ${seed} ${t}`, 16),
      epoch: "1",
    })),
    records: below(2) === 0 ? null : [bytesOf(`record ${seed}`)],
    actions: some(actions),
    purposes: some(purposes),
    notBefore: below(1_000_000),
    notAfter: below(1_000_000),
    k: 1 + below(4),
    proxies: some([1, 2, 3, 4, 5, 6, 7]).map((index) => ({ index, institution: hospital })),
  };
}
const grants = Array.from({ length: 60 }, (_, seed) => someGrant(seed));

test("a grant comes back as it was coded, and any flipped bit is another grant or none", () => {
  for (const [seed, grant] of grants.entries()) {
    const bytes = grantDocument.encode(grant);
    assert.deepEqual(grantDocument.decode(bytes), grant);
    const below = seededNumbers(seed);
    for (let tries = 0; tries < 20; tries += 1) {
      const flipped = Uint8Array.from(bytes);
      flipped[below(bytes.length)]! ^= 1 << below(8);
      let read: Grant | undefined;
      try {
        read = grantDocument.decode(flipped);
      } catch {
        continue;
      }
      assert.notDeepEqual(read, grant);
    }
  }
});

test("readerCommitment() is one for each reader and salt, and isReader() tells readers apart", () => {
  const commitments = grants.map((grant) => Buffer.from(readerCommitment(grant)).toString("hex"));
  assert.equal(new Set(commitments).size, grants.length);
  const holder = { fingerprint: bytesOf("c"), institution: hospital, role: "doctor" };
  const readers: readonly (readonly [Reader, boolean])[] = [
    [{ kind: "certificate", fingerprint: bytesOf("c") }, true],
    [{ kind: "certificate", fingerprint: bytesOf("d") }, false],
    [{ kind: "institution", id: hospital, role: "doctor" }, true],
    [{ kind: "institution", id: hospital, role: "desk" }, false],
    [{ kind: "institution", id: other, role: "doctor" }, false],
  ];
  for (const [reader, want] of readers) assert.equal(isReader(reader, holder), want);
});

test("a reader is never whoever is a patient somewhere, and no shares are asked for to search", () => {
  const asPatient = { kind: "institution", id: hospital, role: "patient" } as unknown as Reader;
  assert.throws(
    () => grantDocument.decode(grantDocument.encode({ ...grants[0]!, reader: asPatient })),
    { code: "MALFORMED" },
  );
  const request = (action: string): Uint8Array =>
    reencryptRequest.encode({
      v: 1,
      suite: "MRS-V1",
      gid: bytesOf("gid"),
      intent: bytesOf("intent"),
      salt: bytesOf("salt"),
      digests: [],
      action: action as OpeningAction,
      purpose: "TREAT",
      items: [],
    });
  assert.equal(reencryptRequest.decode(request("copy")).action, "copy");
  assert.throws(() => reencryptRequest.decode(request("search")), { code: "MALFORMED" });
});

test("intentCommitment() differs in salt, action, purpose and each digest", () => {
  const intended = {
    salt: bytesOf("salt"),
    action: "read",
    purpose: "TREAT",
    digests: [bytesOf("1"), bytesOf("2")],
  } as const;
  const changed = [
    intended,
    { ...intended, salt: bytesOf("another") },
    { ...intended, action: "copy" as const },
    { ...intended, purpose: "HRESCH" as const },
    { ...intended, digests: [bytesOf("2"), bytesOf("1")] },
    { ...intended, digests: [bytesOf("1")] },
  ].map((each) => Buffer.from(intentCommitment(each)).toString("hex"));
  assert.equal(new Set(changed).size, changed.length);
  assert.deepEqual(purposes.filter(isForTreatment), ["TREAT", "ETREAT"]);
});

test("faultOfProxies() takes proxies of genesis in ascending order, k + 1 or more, with or without gaps, and nothing else", () => {
  const { proxies: four, k: three } = makeGenesis("consortium").consortium!;
  const members = [...four, ...[6, 9].map((index) => ({ ...four[0]!, index, institution: other }))];
  const below = seededNumbers(33);
  let right = 0;
  for (let round = 0; round < 3_000; round += 1) {
    const k = 1 + below(3);
    const listed = members
      .filter(() => below(4) > 0)
      .map(({ index, institution }) => ({ index, institution }));
    const fault = faultOfProxies({ k, proxies: listed }, { k, proxies: members });
    assert.equal(fault === undefined, listed.length > k);
    if (fault !== undefined) continue;
    right += 1;
    assert.deepEqual(
      proxyIndices({ proxies: listed }),
      listed.map(({ index }) => index),
    );
    const at = below(listed.length);
    const spoiled = [
      [listed[at]!, ...listed],
      listed.toReversed(),
      listed.with(at, { ...listed[at]!, index: 5 }),
      listed.with(at, { ...listed[at]!, institution: parseInstitutionId("online-shop") }),
      [{ index: 0, institution: hospital }, ...listed],
    ];
    for (const proxies of spoiled)
      assert.notEqual(faultOfProxies({ k, proxies }, { k, proxies: members }), undefined);
    assert.notEqual(
      faultOfProxies({ k: k + 1, proxies: listed }, { k, proxies: members }),
      undefined,
    );
  }
  assert.ok(right > 1_000 && three === 3);
});
