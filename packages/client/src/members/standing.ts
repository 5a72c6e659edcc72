import type { Network } from "../ports.ts";
import type { Session } from "../session.ts";

/** Who did not answer is asked last for so long (D15). */
const LEFT_OUT_MS = 60_000;
/** What answered so lately is there, though another part of its institution is silent. */
const THERE_MS = 5_000;

/** What an institution has that people wait for; in most federations one process, or one machine. */
type Part = "node" | "proxy";
const beside: Readonly<Record<Part, Part>> = { node: "proxy", proxy: "node" };

/** What a device has seen of the members of its federation, to ask the right one first. It decides nothing but an order. */
export class Standing {
  /** Until when a part of an institution is asked last, by the monotonic clock. */
  readonly #leftOut = new Map<string, number>();
  /** When it last answered. */
  readonly #answered = new Map<string, number>();
  /** The height that this device's own slips need, by chain. */
  readonly #written = new Map<string, number>();
  /** The height that a member is known to have reached, by chain and member. */
  readonly #reached = new Map<string, number>();
  /** Chains of visits about which a member was asked. */
  readonly #asked = new Map<string, Set<string>>();

  isLeftOut(institution: string, part: Part = "node"): boolean {
    return (this.#leftOut.get(`${part} ${institution}`) ?? 0) > performance.now();
  }

  /** The part beside it is likely to be as silent: there is one wait for both, unless that one answered a moment ago. */
  silent(institution: string, part: Part = "node"): void {
    const now = performance.now();
    this.#leftOut.set(`${part} ${institution}`, now + LEFT_OUT_MS);
    const other = `${beside[part]} ${institution}`;
    if ((this.#answered.get(other) ?? -Infinity) + THERE_MS < now)
      this.#leftOut.set(other, now + LEFT_OUT_MS);
  }

  answered(institution: string, part: Part = "node"): void {
    this.#leftOut.delete(`${part} ${institution}`);
    this.#answered.set(`${part} ${institution}`, performance.now());
  }

  /**
   * A slip of this device stands at a height, which the member that carried it has reached (H-2): another one that has not would
   * answer as if it had not been sent.
   */
  wrote(chain: string, height: number, carrier: string): void {
    this.reached(chain, carrier, height);
    this.#written.set(chain, Math.max(height, this.#written.get(chain) ?? 0));
  }

  /** The height for which a member has to be waited; `undefined` where it has it. */
  behind(chain: string, member: string): number | undefined {
    const height = this.#written.get(chain);
    if (height === undefined || height <= (this.#reached.get(`${chain} ${member}`) ?? 0))
      return undefined;
    return height;
  }

  reached(chain: string, member: string, height: number): void {
    this.#reached.set(`${chain} ${member}`, height);
  }

  /** A height that members do not reach may be one that a member made up: it is not waited for again. */
  forget(chain: string): void {
    this.#written.delete(chain);
  }

  askedOf(chain: string, member: string): void {
    this.#asked.set(member, (this.#asked.get(member) ?? new Set()).add(chain));
  }

  /** Whether a member was asked about visits on other chains: with these it would see that they are one patient's. */
  knowsOthers(chain: string, member: string): boolean {
    return [...(this.#asked.get(member) ?? [])].some((other) => other !== chain);
  }
}

const standings = new WeakMap<Network, Standing>();

/** One for all who share a network. */
export function standingOf({ network }: Pick<Session, "network">): Standing {
  const known = standings.get(network) ?? new Standing();
  standings.set(network, known);
  return known;
}
