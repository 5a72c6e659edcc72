import { AnamnesisError, decodeSlip, verifyOnce } from "@anamnesis/protocol";
import type { GrantView, RecordView, Slip, SlipProof, VerifySignature } from "@anamnesis/protocol";
import { grantOnChain } from "../grantOnChain.ts";
import { once } from "../once.ts";
import { askHeadOnce } from "../proofs/heads.ts";
import type { AskHead } from "../proofs/heads.ts";
import { proveSlip } from "../proofs/prove.ts";
import type { Session } from "../session.ts";
import { askMembers } from "../members/ask.ts";

/** Where a tag's records are asked for. */
interface Place {
  readonly institution: string;
  readonly chain: string;
}

/** A record's first slip as a member showed it, its proof still without heads. */
export interface FirstSlip {
  readonly slip: Slip<"record.submit">;
  readonly made: SlipProof;
}

/**
 * What one opening has asked, of however many records: each grant, list of records, visit and head once, and each signature
 * under their proofs judged once. It lasts no longer
 * than the opening, so that nothing is taken for as it was before.
 */
export class Opening {
  readonly session: Session;
  readonly askHead: AskHead;
  readonly verify: VerifySignature = verifyOnce();
  readonly #grants = new Map<string, Promise<GrantView | undefined>>();
  readonly #records = new Map<string, Promise<readonly RecordView[]>>();
  readonly #visits = new Map<string, Promise<SlipProof>>();

  constructor(session: Session) {
    this.session = session;
    this.askHead = askHeadOnce(session);
  }

  /** @throws {AnamnesisError} As {@link grantOnChain}. */
  grantOnChain(gid: string): Promise<GrantView | undefined> {
    return once(this.#grants, gid, () => grantOnChain(this.session, gid));
  }

  /** @param tag - Hex. @throws {AnamnesisError} UNAVAILABLE */
  records({ chain }: Place, tag: string): Promise<readonly RecordView[]> {
    return once(this.#records, `${chain} ${tag}`, () =>
      askMembers(this.session, chain, (node) => node.records(chain, { tag })),
    );
  }

  /** The proof of a visit's `session.open`. @param pid - Hex. @throws {AnamnesisError} As {@link proveSlip}. */
  visitProof({ chain }: Place, pid: string): Promise<SlipProof> {
    return once(this.#visits, `${chain} ${pid}`, async () => {
      const { slip } = await askMembers(this.session, chain, (node) => node.session(chain, pid));
      const { askHead, verify } = this;
      return (await proveSlip(this.session, chain, slip, { askHead, verify })).proof;
    });
  }

  /** What a member says is the record's first slip, with its proof; unverified. `undefined` where it knows no such record. */
  async firstSlip({ chain }: Place, id: string): Promise<FirstSlip | undefined> {
    try {
      const made = await askMembers(this.session, chain, (node) => node.slipProof(chain, id));
      const slip = decodeSlip(made.slip);
      return slip.kind === "record.submit" ? { slip, made } : undefined;
    } catch (error) {
      if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
  }
}
