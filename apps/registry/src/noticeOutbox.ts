import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import { AnamnesisError, mailboxRoutes } from "@anamnesis/protocol";
import type { PostProof } from "@anamnesis/protocol";
import type { SealedStore } from "./sealedStore.ts";

/** A sealed message on its way to a box. */
export interface Notice {
  /** Base URL of the box's node; empty for the decoy of a look-up that found nobody, which goes nowhere. */
  readonly node: string;
  readonly box: Uint8Array;
  readonly sealed: Uint8Array;
  /** With the postKey of the card. */
  readonly proof: PostProof;
  /** Unix milliseconds; given up 30 days later. */
  readonly time: number;
}

const POST_MS = 5_000;
const KEPT_MS = 30 * 24 * 3_600_000;

/** Sealed messages that wait until their node takes them: a look-up is told to the patient even if that node is down. */
export class NoticeOutbox {
  readonly #store: SealedStore;
  readonly #now: () => number;

  constructor(store: SealedStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Lets a notice wait; call it in the transaction that logs its reason. */
  keep(notice: Notice): void {
    const id = randomBytes(16);
    this.#store.put({ ...notice, id }, "notice", id);
  }

  /** Tries everything that waits once. @returns how much still waits. */
  async sendAll(): Promise<number> {
    let left = 0;
    for (const notice of this.#store.values("notice") as unknown as (Notice & {
      readonly id: Uint8Array;
    })[]) {
      const isDone =
        notice.node === "" || this.#now() - notice.time > KEPT_MS || (await isTaken(notice));
      if (isDone) this.#store.remove("notice", notice.id);
      else left += 1;
    }
    return left;
  }
}

/** Taken, or of a box that is not there any more. */
async function isTaken({ node, box, sealed, proof }: Notice): Promise<boolean> {
  const part = new Part("node", node, { timeoutMs: POST_MS });
  try {
    await part.call(mailboxRoutes.putMessage, {
      params: { box: toHex(box) },
      body: { v: 1, sealed, proof },
    });
    return true;
  } catch (error) {
    return error instanceof AnamnesisError && error.code === "NOT_FOUND";
  }
}
