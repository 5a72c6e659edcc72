import type { BoxKeypair } from "@anamnesis/crypto/box";
import type { Trust } from "@anamnesis/protocol";
import type { Authority, AuthorityId } from "./authority.ts";
import type { NoticeOutbox } from "./noticeOutbox.ts";
import type { People } from "./people.ts";
import type { SealedStore } from "./sealedStore.ts";
import type { SlipOutbox } from "./slipOutbox.ts";

/** What the registry's handlers work with. */
export interface RegistryDeps {
  readonly authorities: Readonly<Record<AuthorityId, Authority>>;
  readonly box: BoxKeypair;
  /** Opens what nodes keep of whose a visit is. */
  readonly trace: BoxKeypair;
  readonly store: SealedStore;
  readonly people: People;
  readonly slips: SlipOutbox;
  readonly notices: NoticeOutbox;
  readonly trust: Trust;
  /** Look-ups that one doctor may make within a minute. */
  readonly lookupsPerMinute: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}
