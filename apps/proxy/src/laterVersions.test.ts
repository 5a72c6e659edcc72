/** Versions whose slips name neither visit nor tag: of another institution's author, and what the patient sealed anew. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { BYTES, fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { decodeSlipProof, signForeignContent } from "@anamnesis/protocol";
import type { Grant } from "@anamnesis/protocol";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import type { Reader } from "@anamnesis/testing/proxy/federation";
import { sealUnder } from "@anamnesis/testing/proxy/records";
import type { Author, MadeRecord } from "@anamnesis/testing/proxy/records";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { parties } = federation;
const { care } = parties;
const reader = await federation.newReader("Dr. Reader");
const foreign = await federation.newReader("Dr. Far");
const other = await federation.newReader("Dr. Other");
const revoked = await federation.newReader("Dr. Gone");
federation.revokeReader(revoked);
const desk = await federation.newReader("The desk", { role: "desk" });
const unknown = { name: "Dr. Nobody", fingerprint: randomBytes(32), box: foreign.box };

/** A record and a version that came after it, under the same visit and tag. */
interface Later {
  readonly first: MadeRecord;
  readonly version: MadeRecord;
}

type Under = (first: MadeRecord) => Pick<MadeRecord, "visit" | "tag">;

/** The content of a later version, sealed by somebody. @param under - Which visit and tag its header names. */
async function sealedAfter(by: Author, under: Under = (first) => first) {
  const first = await federation.newRecord();
  const { visit, tag } = under(first);
  const sealed = await sealUnder(parties, by, visit, tag);
  const content = {
    record: fromHex(first.slip),
    before: first.digest,
    digest: sealed.digest,
    sealedId: randomBytes(BYTES.sealedId),
  };
  return { first, content, ending: { ...sealed, visit, tag } };
}

async function rewrapped(): Promise<Later> {
  const { first, content, ending } = await sealedAfter(other);
  const { keys } = first.visit;
  const made = care.slip("record.rewrap", { ...content, key: keys.publicKey }, keys);
  federation.commit(care, made);
  return { first, version: { ...ending, slip: made.id } };
}

/** @param named - Whom the slip names. @param key - Whose key it says is theirs. @param sealer - Whom the header names. */
async function amended(
  named: Reader,
  key = named.name,
  sealer = named,
  under?: Under,
): Promise<Later> {
  const { first, content, ending } = await sealedAfter(sealer, under);
  const { keys } = first.visit;
  const { publicKey: authorKey } = keyOf(key);
  const signed = { ...content, author: named.fingerprint };
  const authorSignature = signForeignContent(care.genesis.chain, signed, signer(keyOf(key)));
  const fields = { ...signed, authorKey, authorSignature, key: keys.publicKey, permit: null };
  const made = care.slip("record.amendForeign", fields, keys);
  federation.commit(care, made);
  return { first, version: { ...ending, slip: made.id } };
}

interface Row {
  readonly when: string;
  readonly want: string;
  readonly later: () => Promise<Later>;
  readonly grant?: (later: Later) => Partial<Grant>;
  /** Whose first slip is shown. */
  readonly original?: (later: Later) => MadeRecord | null;
  readonly granted?: (later: Later) => MadeRecord;
}

const sibling = await federation.newRecord();
const rows: readonly Row[] = [
  { when: "the patient sealed it anew", want: "OK", later: rewrapped },
  { when: "another institution's doctor amended it", want: "OK", later: () => amended(foreign) },
  {
    when: "the grant is limited to the record that it amends",
    want: "OK",
    later: () => amended(foreign),
    grant: ({ first }) => ({ records: [fromHex(first.slip)] }),
  },
  {
    when: "the grant is limited to another record",
    want: "RECORD_NOT_GRANTED",
    later: rewrapped,
    grant: () => ({ records: [fromHex(sibling.slip)] }),
  },
  {
    when: "its record's tag is not granted",
    want: "TAG_NOT_GRANTED",
    later: rewrapped,
    granted: () => sibling,
  },
  {
    when: "its record's first slip is not shown",
    want: "NOT_ON_CHAIN",
    later: rewrapped,
    original: () => null,
  },
  {
    when: "another record's first slip is shown, whose tag is granted",
    want: "NOT_ON_CHAIN",
    later: rewrapped,
    granted: () => sibling,
    original: () => sibling,
  },
  {
    when: "its author put it under another record's tag, which is granted, and that record's slip is shown",
    want: "NOT_ON_CHAIN",
    later: () => amended(foreign, foreign.name, foreign, () => sibling),
    granted: () => sibling,
    original: () => sibling,
  },
  {
    when: "its header names another tag of its visit",
    want: "NOT_ON_CHAIN",
    later: () =>
      amended(foreign, foreign.name, foreign, ({ visit }) => ({ visit, tag: randomBytes(16) })),
  },
  {
    when: "its header names another visit's record of its tag",
    want: "NOT_ON_CHAIN",
    later: async () => {
      const other = ({ tag }: MadeRecord) => ({ visit: sibling.visit, tag });
      const { first, version } = await amended(foreign, foreign.name, foreign, other);
      return { first, version: { ...version, visit: first.visit } };
    },
  },
  {
    when: "the version itself is shown as the first",
    want: "NOT_ON_CHAIN",
    later: rewrapped,
    original: ({ version }) => version,
  },
  {
    when: "its author is not on the consortium",
    want: "NOT_ON_CHAIN",
    later: () => amended(unknown),
  },
  {
    when: "its author's certificate has another key",
    want: "NOT_ON_CHAIN",
    later: () => amended(foreign, other.name),
  },
  {
    when: "its author's certificate was revoked before",
    want: "NOT_ON_CHAIN",
    later: () => amended(revoked),
  },
  {
    when: "its author is no doctor",
    want: "NOT_ON_CHAIN",
    later: () => amended(desk),
  },
  {
    when: "its header names another author than its slip",
    want: "NOT_ON_CHAIN",
    later: () => amended(foreign, foreign.name, other),
  },
];

const slipOf = ({ slip }: MadeRecord): Uint8Array => decodeSlipProof(federation.proof(slip)).slip;

for (const row of rows)
  test(`POST /reencrypt gives ${row.want} for a later version when ${row.when}`, async () => {
    const later = await row.later();
    const { version } = later;
    const granted = row.granted?.(later) ?? later.first;
    const made = await federation.granted(reader, [granted], row.grant?.(later));
    const intent = federation.intent(reader, made, [version.digest]);
    const first = row.original === undefined ? later.first : row.original(later);
    const original = first === null ? null : slipOf(first);
    const { items, ...honest } = federation.request(made.gid, intent, [version]);
    const request = { ...honest, items: items.map((item) => ({ ...item, original })) };
    assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, reader)), row.want);
  });
