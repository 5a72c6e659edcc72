import { concat } from "@anamnesis/crypto/verify";
import { encodePageHeader, sizedRoot } from "@anamnesis/protocol";
import type { Genesis, PageHeader } from "@anamnesis/protocol";
import type { OpenPage } from "./codecs.ts";
import { Frontier } from "./frontier.ts";
import { appendPage } from "./pageLog.ts";
import type { PageLog } from "./pageLog.ts";
import { rows } from "./rows.ts";
import type { BlockContext, Writes } from "./state.ts";
import { perfectSubtrees } from "./subtrees.ts";
import { readRow } from "./view.ts";
import type { Reader } from "./view.ts";

const nothing = new Uint8Array(0);
const noPage: OpenPage = { no: 0, sequence: 0, openedAt: 0, leaves: nothing, peaks: nothing };

export const readOpenPage = (state: Reader): OpenPage =>
  readRow(state, rows.openPage, rows.openPage.key()) ?? noPage;

/** When the open page must be sealed (Unix milliseconds), or `undefined` while it is empty. */
export function pageDueAt(page: OpenPage, genesis: Genesis): number | undefined {
  return page.leaves.length === 0 ? undefined : page.openedAt + genesis.params.pageSeconds * 1000;
}

/**
 * Fills and seals pages during one block: at `pageSlips` slips at once, and at the start of the first block whose time
 * is `pageSeconds` or more after the page's first slip. Creator and time are those of the block. Spec: docs/spec/state.md ST-6.
 */
export class PageFiller {
  readonly sealed: PageHeader[] = [];
  readonly #genesis: Genesis;
  readonly #block: BlockContext;
  readonly #log: PageLog;
  readonly #writes: Writes;
  #no: number;
  #sequence: number;
  #openedAt: number;
  #leaves: Uint8Array[];
  #frontier: Frontier;

  constructor(
    page: OpenPage,
    log: PageLog,
    { genesis, block, writes }: { genesis: Genesis; block: BlockContext; writes: Writes },
  ) {
    this.#genesis = genesis;
    this.#block = block;
    this.#log = log;
    this.#writes = writes;
    this.#no = page.no;
    this.#sequence = page.sequence;
    this.#openedAt = page.openedAt;
    this.#leaves = split(page.leaves);
    this.#frontier = new Frontier(this.#leaves.length, page.peaks);
    const dueAt = pageDueAt(page, genesis);
    if (dueAt !== undefined && block.time >= dueAt) this.#seal();
  }

  /** How many slips the chain holds so far. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Where the next slip will stand. */
  get next(): { readonly page: number; readonly index: number } {
    return { page: this.#no, index: this.#leaves.length };
  }

  append(leaf: Uint8Array): void {
    if (this.#leaves.length === 0) this.#openedAt = this.#block.time;
    this.#leaves.push(leaf);
    this.#frontier.append(leaf);
    this.#sequence += 1;
    if (this.#leaves.length >= this.#genesis.params.pageSlips) this.#seal();
  }

  /** Sized RFC 6962 root of the open page. */
  root(): Uint8Array {
    return sizedRoot(this.#frontier.count, this.#frontier.root());
  }

  /** Writes the open page as the block leaves it. */
  store(): void {
    const page: OpenPage = {
      no: this.#no,
      sequence: this.#sequence,
      openedAt: this.#openedAt,
      leaves: concat(...this.#leaves),
      peaks: this.#frontier.bytes(),
    };
    this.#writes.set(rows.openPage.key(), rows.openPage.encode(page));
  }

  #seal(): void {
    const header: PageHeader = {
      no: this.#no,
      prevHash: this.#log.lastHash,
      time: this.#block.time,
      creator: this.#block.proposer,
      merkleRoot: this.#frontier.root(),
      count: this.#leaves.length,
    };
    this.#writes.set(
      rows.page.key(header.no),
      rows.page.encode({
        header: encodePageHeader(header),
        first: this.#sequence - this.#leaves.length,
        tree: perfectSubtrees(this.#leaves),
      }),
    );
    appendPage(this.#log, header, this.#writes);
    this.sealed.push(header);
    this.#no += 1;
    this.#openedAt = 0;
    this.#leaves = [];
    this.#frontier = new Frontier();
  }
}

/** 32-byte strings out of one. */
export const split = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
