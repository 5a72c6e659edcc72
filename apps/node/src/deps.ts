import type { InstitutionId } from "@anamnesis/protocol";
import type { RevocationLists } from "@anamnesis/server";
import type { Chain } from "./chain.ts";
import type { NodeKeys } from "./dataDirectory.ts";
import type { Mailbox } from "./mailbox/mailbox.ts";
import type { Traces } from "./traces.ts";

/** What the handlers of a node work with. */
export interface NodeDeps {
  readonly institution: InstitutionId;
  readonly keys: NodeKeys;
  /** Every chain that this institution keeps, by its id. */
  readonly chains: ReadonlyMap<string, Chain>;
  /** Ids of the vaults that the consortium's genesis names. */
  readonly vaults: ReadonlySet<string>;
  readonly mailbox: Mailbox;
  readonly traces: Traces;
  readonly revocations: RevocationLists;
  /** Unix milliseconds. */
  readonly now: () => number;
}
