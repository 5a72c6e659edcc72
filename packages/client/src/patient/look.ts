import { AnamnesisError, limits, verifyOnce } from "@anamnesis/protocol";
import type { GrantView, Slip } from "@anamnesis/protocol";
import { grantOnChain } from "../grantOnChain.ts";
import { askProxy } from "../members/ask.ts";
import { once } from "../once.ts";
import type { ProxyApi } from "../ports.ts";
import { askHeadOnce, askNewestHead } from "../proofs/heads.ts";
import type { AskHead } from "../proofs/heads.ts";
import { proveSlip } from "../proofs/prove.ts";
import type { Session } from "../session.ts";
import { KnownUses } from "./knownUses.ts";

/** A slip that was proven; `unknown` while too few members answer; `refuted` where they prove no such slip. */
type ProvenOr = Slip | "unknown" | "refuted";

/**
 * What one look at the log has asked and proved, of however many grants: each head once, each signature judged once, no proxy
 * again that was silent, no slip that this device has proved before. It lasts no longer than the look.
 */
export class Look {
  readonly session: Session;
  readonly #verify = verifyOnce();
  readonly #askHead: AskHead;
  readonly #newestHeads = new Map<string, ReturnType<AskHead>>();
  readonly #slips = new Map<string, Promise<ProvenOr>>();
  readonly #known = new Map<string, Promise<KnownUses>>();
  readonly #silentProxies = new Set<number>();

  constructor(session: Session) {
    this.session = session;
    this.#askHead = askHeadOnce(session);
  }

  /** @param subject - A grant's id or a visit's. */
  known(subject: string): Promise<KnownUses> {
    return once(this.#known, subject, () => KnownUses.of(this.session, subject));
  }

  /** @throws {AnamnesisError} As {@link grantOnChain}. */
  grantOnChain(gid: string): Promise<GrantView | undefined> {
    return grantOnChain(this.session, gid, { askHead: this.#askNewestHead, verify: this.#verify });
  }

  /**
   * A slip as two members prove it, or as this device did before: no node alone can put words into somebody's mouth. `unknown`
   * while too few answer.
   *
   * @param subject - What it is a use of.
   */
  slip(subject: string, chain: string, id: string): Promise<ProvenOr> {
    return once(this.#slips, `${subject} ${chain} ${id}`, () => this.#prove(subject, chain, id));
  }

  async #prove(subject: string, chain: string, id: string): Promise<ProvenOr> {
    const known = await this.known(subject);
    const before = known.get(id)?.slip;
    if (before !== undefined) return before;
    try {
      const parts = { askHead: this.#askHead, verify: this.#verify };
      const { slip } = await proveSlip(this.session, chain, id, parts);
      known.put({ slip });
      return slip;
    } catch (error) {
      if (!(error instanceof AnamnesisError)) throw error;
      return error.code === "UNAVAILABLE" ? "unknown" : "refuted";
    }
  }

  /** Asks a proxy, unless it was silent in this look. @throws {AnamnesisError} As {@link askProxy}. */
  async askProxy<T>(index: number, ask: (proxy: ProxyApi) => Promise<T>): Promise<T> {
    if (this.#silentProxies.has(index))
      throw new AnamnesisError("UNAVAILABLE", `Proxy ${index} was silent just now`);
    try {
      return await askProxy(this.session, index, ask);
    } catch (error) {
      if (error instanceof AnamnesisError && error.code === "UNAVAILABLE")
        this.#silentProxies.add(index);
      throw error;
    }
  }

  /** What was asked of it long ago says nothing of now: each head is new for half the time that it counts as fresh. */
  readonly #askNewestHead: AskHead = (member, chain, height) => {
    const when = Math.floor(this.session.clock() / (limits.headFreshMs / 2));
    const name = `${member} ${chain} ${height} ${when}`;
    return once(this.#newestHeads, name, () => askNewestHead(this.session)(member, chain, height));
  };
}
