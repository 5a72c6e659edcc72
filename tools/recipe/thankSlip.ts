/** A slip kind that does not exist, `record.thank`, added as CONTRIBUTING's recipe says: one edit for each file it names. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Edit {
  readonly file: string;
  /** @param text - What the file holds; empty for a new one. */
  readonly change: (text: string) => string;
}

/** `what` in front of the first `anchor` that follows `after`. */
const before =
  (anchor: string, what: string, after = "") =>
  (text: string): string => {
    const from = text.indexOf(after);
    const at = from < 0 ? -1 : text.indexOf(anchor, from);
    assert.ok(at >= 0, `"${anchor}" is not there any more, nothing can be added in front of it`);
    return text.slice(0, at) + what + text.slice(at);
  };

const whole = (text: string) => (): string => text;

/** The columns of the kind's row, each a line of its own. */
export const columns: Readonly<Record<string, string>> = {
  fields: "fields: { key: hash, record: hash, digest: hash },",
  signer: 'signer: "visit",',
  chains: "chains: care,",
  carrier: 'carrier: "any",',
  carriedFor: 'carriedFor: "openVisit",',
  roles: 'roles: "none",',
  signatureType: 'signatureType: "THANK",',
};

const numberFor = (text: string): number =>
  1 +
  Math.max(...[...text.matchAll(/^ {2}[A-Z_]+: (\d+),$/gm)].map(([, number]) => Number(number)));
const sentence = "This version of the record was thanked for already";
let number = 0;

/** What the edits leave in the tree; a test leaves one of them, or a part of one, out. */
export const edits = {
  row: {
    file: "packages/protocol/src/kinds/record.ts",
    change: before(
      "} as const satisfies Record<string, SlipKindRow>",
      `  "record.thank": {\n${Object.values(columns).join("\n")}\n  },\n`,
    ),
  },
  code: {
    file: "packages/protocol/src/codes.ts",
    change: (text) => {
      number = numberFor(text);
      const numbered = before("} as const;", `  ALREADY_THANKED: ${number},\n`)(text);
      return before("\n};", `\n  ALREADY_THANKED: "${sentence}",`, "slipCodeText")(numbered);
    },
  },
  codePage: {
    file: "docs/spec/codes.md",
    change: (text) =>
      before("\n\n## Everything else", `\n| ${number} | \`ALREADY_THANKED\` | ${sentence} |`)(text),
  },
  fact: {
    file: "packages/ledger/src/rows.ts",
    change: (text) => {
      const table = [0x24, 0x25, 0x26, 0x27, 0x28].find(
        (byte) => !text.includes(`0x${byte.toString(16)}`),
      );
      const row = `  thank: fact("records", ${table}, (record: Uint8Array, digest: Uint8Array) =>\n    ids(record, digest),\n  ),\n`;
      return before("\n  /** By request. */", row)(text);
    },
  },
  kind: {
    file: "packages/ledger/src/kinds/recordThank.ts",
    change: whole(`import type { Kind } from "../context.ts";
import { rows } from "../rows.ts";
import { judge } from "./recordConfirm.ts";

/** The patient thanks the author of one version of a record, once. Spec: docs/spec/slips.md S-99. */
export const recordThank: Kind<"record.thank"> = {
  apply: (state, { fields }, { sequence }) =>
    judge(state, fields, { row: rows.thank, already: "ALREADY_THANKED", sequence }),
  index: "none",
  history: "none",
};
`),
  },
  kindTable: {
    file: "packages/ledger/src/kindTable.ts",
    change: (text) =>
      before(
        "};",
        '  "record.thank": recordThank,\n',
        "const kinds",
      )(
        before(
          "import { sessionOpen }",
          'import { recordThank } from "./kinds/recordThank.ts";\n',
        )(text),
      ),
  },
  refusals: {
    file: "packages/ledger/src/kinds/recordThank.test.ts",
    change: whole(`import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex } from "@anamnesis/crypto/verify";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certify, openVisit, recordSlip } from "@anamnesis/testing/testChain";

const care = new TestChain(makeGenesis("care"));
const fingerprint = certify(care, "dr-lin");
openVisit(care, "visit");
openVisit(care, "other visit");
const submitted = recordSlip(care, { visit: "visit", doctor: "dr-lin", fingerprint, label: "r" });
assert.equal(care.submit(submitted), "OK");

const thank = (chain: TestChain, { visit = "visit", record = fromHex(submitted.id), digest = bytesOf("digest r") }) => {
  const key = keyOf(visit);
  return chain.submit(chain.slip("record.thank", { key: key.publicKey, record, digest }, key));
};

const rows = [
  { want: "OK", change: {} },
  { want: "RECORD_UNKNOWN", change: { record: bytesOf("no record") } },
  { want: "RECORD_OF_ANOTHER_VISIT", change: { visit: "other visit" } },
  { want: "DIGEST_UNKNOWN", change: { digest: bytesOf("no version") } },
] as const;
for (const { want, change } of rows)
  test(\`record.thank gives \${want}\`, () => assert.equal(thank(care.fork(), change), want));

test("record.thank is refused the second time", () => {
  const row = { want: "ALREADY_THANKED" } as const;
  const chain = care.fork();
  thank(chain, {});
  assert.equal(thank(chain, {}), row.want);
});
`),
  },
  scenario: {
    file: "packages/testing/src/chainScenario.ts",
    change: before(
      'if (choice === 3) return chain.slip("record.confirm"',
      'if (choice === 3 && this.#below(2) === 0)\n      return chain.slip("record.thank", judged, signer);\n    ',
    ),
  },
  stranger: {
    file: "apps/node/src/carriedFor.test.ts",
    change: before('  "grant.publish": (name)', '  "record.thank": (name) => judged(name),\n'),
  },
  spec: {
    file: "docs/spec/slips.md",
    change: before(
      "\n## Sharing and use",
      "- **S-99** `record.thank` {key, record, digest}: as S-33 with `ALREADY_THANKED`.\n",
    ),
  },
  workflow: {
    file: "packages/client/src/patient/thank.ts",
    change: whole(`import { fromHex } from "@anamnesis/crypto/verify";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { ownRecord } from "./records.ts";
import { visitKey } from "./visitKeys.ts";

/** Thanks the author of the newest version. @returns the slip's id. */
export async function thank(session: Session, id: string): Promise<string> {
  const { record, visit } = await ownRecord(session, id);
  const { publicKey, secretKey } = visitKey(session, visit);
  const slip = signedSlip(session, {
    chain: visit.chain,
    kind: "record.thank",
    fields: { key: publicKey, record: fromHex(record.id), digest: fromHex(record.versions.at(-1)!.digest) },
    secretKey,
  });
  return postSlip(session, slip);
}
`),
  },
} as const satisfies Readonly<Record<string, Edit>>;

/** Changes files under `root`, and gives back what undoes it. */
export function apply(root: string, { file, change }: Edit): () => void {
  const path = join(root, file);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, change(text));
  return () => writeFileSync(path, text);
}
