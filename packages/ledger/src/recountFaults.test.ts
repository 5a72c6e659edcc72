/** One entry of a state that is not what the others say: which, in the words that a scrub prints. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { concat } from "@anamnesis/crypto/verify";
import { decodePageHeader, emptySubtree, encodePageHeader } from "@anamnesis/protocol";
import type { PageHeader, VoterChange } from "@anamnesis/protocol";
import { Scenario } from "@anamnesis/testing/chainScenario";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import { makeGenesis } from "@anamnesis/testing/federation";
import { publishFields } from "@anamnesis/testing/grantSlips";
import { keyOf } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import { MemoryState } from "./memoryState.ts";
import { keyBytes, numberKey } from "./keys.ts";
import { recount } from "./recount.ts";
import { indexEntriesOf } from "./placeSlip.ts";
import { rows } from "./rows.ts";
import type { Codec } from "./codecs.ts";
import { LedgerView } from "./view.ts";

type Entries = Map<string, Uint8Array>;
const faultIn = (entries: Entries): string | undefined => recount(new MemoryState(entries)).fault;
const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.with(at, bytes[at]! ^ 1);

/** Puts another value into the entry under a key, made from the one that stands there. */
function edit<V>(
  entries: Entries,
  { decode, encode }: Codec<V>,
  key: string,
  change: (value: V) => Partial<V>,
) {
  const value = decode(entries.get(key)!);
  entries.set(key, encode({ ...value, ...change(value) }));
}

/** Ways to spoil a state that is sound. */
function spoiling(honest: Entries) {
  const under = (prefix: string): string[] =>
    [...honest.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  const headerOf = (no: number): PageHeader =>
    decodePageHeader(rows.page.decode(honest.get(rows.page.key(no))!).header);
  const editHeader = (entries: Entries, no: number, change: Partial<PageHeader>) =>
    edit(entries, rows.page, rows.page.key(no), () => ({
      header: encodePageHeader({ ...headerOf(no), ...change }),
    }));
  const table = (spoilt: readonly (readonly [string, RegExp, (entries: Entries) => void])[]) => {
    assert.equal(faultIn(honest), undefined);
    for (const [what, want, change] of spoilt) {
      const entries = new Map(honest);
      change(entries);
      assert.match(String(faultIn(entries)), want, what);
    }
  };
  return { under, headerOf, editHeader, table };
}

suite("recount()", () => {
  let honest: Entries;
  before(() => {
    const scenario = new Scenario(13, "consortium");
    for (let i = 0; i < 30; i += 1) scenario.step();
    honest = new Map(scenario.chain.state.range(""));
  });

  test("blames nothing in a chain that has lived, nor in one that has not begun", () => {
    assert.equal(faultIn(honest), undefined);
    const { under } = spoiling(honest);
    assert.ok(under(rows.page.prefix).length >= 3);
    assert.ok(under(rows.grant.prefix).length >= 2);
    for (const kind of ["care", "consortium"] as const)
      assert.equal(faultIn(new Map(new TestChain(makeGenesis(kind)).state.range(""))), undefined);
  });

  test("blames a page that is not the next one, or not its slips'", () => {
    const { under, headerOf, editHeader, table } = spoiling(honest);
    const follows = /^page 1 does not follow the one before$/;
    const key = rows.page.key(1);
    table([
      ["its number", follows, (e) => editHeader(e, 1, { no: 2 })],
      [
        "the hash before",
        follows,
        (e) => editHeader(e, 1, { prevHash: flip(headerOf(1).prevHash) }),
      ],
      [
        "its first slip",
        follows,
        (e) => edit(e, rows.page, key, ({ first }) => ({ first: first + 1 })),
      ],
      [
        "a leaf too few",
        follows,
        (e) => edit(e, rows.page, key, ({ tree }) => ({ tree: tree.subarray(0, 32) })),
      ],
      [
        "another key",
        /^page 1 does not follow/,
        (e) => {
          e.set(rows.page.key(9_999), e.get(key)!);
          e.delete(key);
          for (const later of under(rows.page.prefix)) if (later > key) e.delete(later);
        },
      ],
      [
        "its root",
        /^the leaves of page 1 do not lead to its root$/,
        (e) => editHeader(e, 1, { merkleRoot: flip(headerOf(1).merkleRoot) }),
      ],
      [
        "a leaf",
        /^the leaves of page 1 do not lead to its root$/,
        (e) => edit(e, rows.page, key, ({ tree }) => ({ tree: flip(tree) })),
      ],
      [
        "a subtree",
        /^the tree of page 1 is not that of its leaves$/,
        (e) => edit(e, rows.page, key, ({ tree }) => ({ tree: flip(tree, tree.length - 1) })),
      ],
      [
        "a subtree too many",
        /^the tree of page 1 /,
        (e) => edit(e, rows.page, key, ({ tree }) => ({ tree: concat(tree, new Uint8Array(32)) })),
      ],
    ]);
  });

  test("blames a log of pages, or an open page, that is not theirs", () => {
    const { under, table } = spoiling(honest);
    const [node] = under(rows.logNode.prefix);
    const log = rows.pageLog.key();
    const edge = /^the page log's edge is not that of its pages$/;
    const open = rows.openPage.key();
    const openEdge = /^the open page's edge is not that of its slips$/;
    table([
      [
        "a subtree",
        /^the page log's subtree 0\/0 is another$/,
        (e) => e.set(node!, flip(e.get(node!)!)),
      ],
      ["no subtree", /^the page log's subtree 0\/0 is another$/, (e) => e.delete(node!)],
      [
        "the newest page's hash",
        edge,
        (e) => edit(e, rows.pageLog, log, ({ lastHash }) => ({ lastHash: flip(lastHash) })),
      ],
      [
        "its peaks",
        edge,
        (e) => edit(e, rows.pageLog, log, ({ peaks }) => ({ peaks: flip(peaks) })),
      ],
      ["no edge", edge, (e) => e.delete(log)],
      [
        "when it was opened",
        openEdge,
        (e) => edit(e, rows.openPage, open, ({ openedAt }) => ({ openedAt: openedAt + 1 })),
      ],
      [
        "its number",
        /slip 0 of page|open page's edge/,
        (e) => edit(e, rows.openPage, open, ({ no }) => ({ no: no + 1 })),
      ],
      [
        "how many slips there are",
        openEdge,
        (e) => edit(e, rows.openPage, open, ({ sequence }) => ({ sequence: sequence + 1 })),
      ],
      ["no open page", /./, (e) => e.delete(open)],
    ]);
  });

  test("blames a slip that is another than its leaf, or that is not found where it is looked for", () => {
    const { under, table } = spoiling(honest);
    const slip = rows.slip.key(0);
    const { bytes } = rows.slip.decode(honest.get(rows.slip.key(1))!);
    const leaf = /^slip 0 of page 0 is another than its leaf$/;
    const place = /^height and time of slip 0 of page 0 are others$/;
    const [id] = under(rows.slipId.prefix).filter(
      (key) => rows.slipId.decode(honest.get(key)!) === 0,
    );
    const elsewhere = /^the id of slip 0 of page 0 leads elsewhere$/;
    table([
      ["no slip", /^slip 0 of page 0 is missing$/, (e) => e.delete(slip)],
      ["another's bytes", leaf, (e) => edit(e, rows.slip, slip, () => ({ bytes }))],
      ["another page", leaf, (e) => edit(e, rows.slip, slip, () => ({ page: 1 }))],
      ["another leaf", leaf, (e) => edit(e, rows.slip, slip, () => ({ index: 1 }))],
      [
        "its height",
        place,
        (e) => edit(e, rows.slip, slip, ({ height }) => ({ height: height + 1 })),
      ],
      ["its time", place, (e) => edit(e, rows.slip, slip, ({ time }) => ({ time: time + 1 }))],
      ["no id", elsewhere, (e) => e.delete(id!)],
      ["another's id", elsewhere, (e) => e.set(id!, rows.slipId.encode(1))],
    ]);
  });

  test("blames an entry that is missing, holds a value, is one too many, or of no row", () => {
    const { under, table } = spoiling(honest);
    const view = new LedgerView(new MemoryState(honest));
    const [entry] = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((sequence) =>
      indexEntriesOf(view.slipAt(sequence)!.slip, sequence, view),
    );
    const slips = under(rows.slip.prefix).length;
    const nothing = new Uint8Array(0);
    const many = /^\d+ slips, ids or subtrees, want \d+$/;
    table([
      ["no entry", /^an index entry of a [a-z.]+ is missing$/, (e) => e.delete(entry!)],
      [
        "a value",
        /^an index entry of a [a-z.]+ holds a value$/,
        (e) => e.set(entry!, Uint8Array.of(0)),
      ],
      [
        "an entry too many",
        /^\d+ index entries, want \d+$/,
        (e) => e.set(entry!.slice(0, -6) + numberKey(slips), nothing),
      ],
      ["a slip too many", many, (e) => e.set(rows.slip.key(slips + 5), e.get(rows.slip.key(0))!)],
      [
        "an id too many",
        many,
        (e) => e.set(rows.slipId.key(new Uint8Array(32)), rows.slipId.encode(0)),
      ],
      ["a subtree too many", many, (e) => e.set(rows.logNode.key(40, 1), new Uint8Array(32))],
      ["of no row", /^an entry belongs to no row$/, (e) => e.set("\x7fkey", nothing)],
      [
        "of the first row that is none",
        /^an entry belongs to no row$/,
        (e) => e.set("\x00", nothing),
      ],
      [
        "of the last row that is none",
        /^an entry belongs to no row$/,
        (e) => e.set("\xff", nothing),
      ],
    ]);
  });

  test("blames a map's entry, leaf or node, and a multiset of facts", () => {
    const { under, table } = spoiling(honest);
    const [grant] = under(rows.grant.prefix);
    const nodes = under(rows.mapNode.key("grants", "").slice(0, 2));
    const root = rows.mapNode.key("grants", "");
    const leaf = nodes.find((key) => honest.get(key)![1] === 0)!;
    const other = /^a node of the grants map is another$/;
    const usage = rows.factHash.key("usage");
    const roots = /^the stored roots are not those of the entries$/;
    table([
      [
        "an entry",
        /^an entry of the grants map is not what its leaf says$/,
        (e) => e.set(grant!, flip(e.get(grant!)!, 20)),
      ],
      ["no entry", /^the grants map has \d+ leaves, want \d+$/, (e) => e.delete(grant!)],
      ["a branch's left", other, (e) => e.set(root, flip(e.get(root)!, 4))],
      ["a branch's right", other, (e) => e.set(root, flip(e.get(root)!, e.get(root)!.length - 1))],
      [
        "a node that hangs nowhere",
        /^a node of the grants map hangs nowhere$/,
        (e) => e.set(rows.mapNode.key("grants", "0".repeat(200)), e.get(leaf)!),
      ],
      [
        "the lanes of a multiset",
        /^the multiset hash of usage is not that of its facts$/,
        (e) => e.set(usage, flip(e.get(usage)!)),
      ],
      ["no lanes", /^the multiset hash of usage is not that of its facts$/, (e) => e.delete(usage)],
      [
        "a root",
        roots,
        (e) => edit(e, rows.roots, rows.roots.key(), ({ keys }) => ({ keys: flip(keys) })),
      ],
    ]);
  });

  test("blames a leaf under which another id stands with the same value", () => {
    const chain = new TestChain(makeGenesis("consortium"));
    const fields = publishFields("grant", { expiresAt: chain.time + 3_600_000 });
    assert.equal(
      chain.submit(chain.slip("grant.publish", fields, keyOf("grant")), undefined, 0),
      "OK",
    );
    const entries: Entries = new Map(chain.state.range(""));
    assert.equal(faultIn(entries), undefined);
    const [key, value] = [...entries].find(([name]) => name.startsWith(rows.grant.prefix))!;
    entries.delete(key);
    entries.set(rows.grant.key(flip(keyBytes(key, 1))), value);
    assert.match(
      String(faultIn(entries)),
      /^an entry of the grants map is not what its leaf says$/,
    );
  });

  test("blames a change of voters that does not prove itself, goes back, or leads elsewhere", () => {
    const chain = new TestChain(makeGenesis("consortium"));
    const two = ["city-hospital", "online-clinic"];
    const suspended = (is: boolean) =>
      chain.cosignedSlip("institution.suspend", { id: "city-hospital", suspended: is }, two);
    assert.equal(chain.submit(suspended(true)), "OK");
    const enrolled = enrolmentOf("new-clinic", { power: 1 });
    const by = ["online-clinic", "general-hospital"];
    assert.equal(chain.submit(chain.cosignedSlip("institution.enrol", enrolled, by)), "OK");
    const changed: Entries = new Map(chain.state.range(""));
    const { under, table } = spoiling(changed);
    const [first, second] = under(rows.voterChange.prefix);
    const { height, ...before } = rows.voterChange.decode(changed.get(first!)!);
    const proves = /^the change of voters at height \d+ does not prove itself$/;
    const elsewhere = /^the last change of voters does not lead to the voters$/;
    const spoil = (e: Entries, change: (it: VoterChange) => Partial<VoterChange>) =>
      edit(e, rows.voterChange, second!, change);
    table([
      ["at the height of the one before", proves, (e) => spoil(e, () => ({ height }))],
      ["at height 0", proves, (e) => edit(e, rows.voterChange, first!, () => ({ height: 0 }))],
      [
        "under another root",
        proves,
        (e) =>
          spoil(e, ({ roots }) => ({
            roots: { ...roots, institutions: flip(roots.institutions) },
          })),
      ],
      [
        "that proves that there were none",
        proves,
        (e) =>
          spoil(e, ({ roots }) => ({
            roots: { ...roots, institutions: emptySubtree },
            proof: { siblings: [], end: { found: "nothing" } },
          })),
      ],
      ["that is the one before", elsewhere, (e) => spoil(e, () => before)],
      ["that is lost", elsewhere, (e) => e.delete(second!)],
      [
        "to voters who are none",
        /^an entry of the institutions map|^the last change|leaves, want/,
        (e) => e.delete(rows.voters.key()),
      ],
    ]);
  });
});
