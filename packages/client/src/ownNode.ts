import type { NodeApi } from "./ports.ts";
import type { Session } from "./session.ts";

/** The node that this person asks about the consortium: that of the institution where they were enrolled. */
export const ownNode = (session: Session): NodeApi =>
  session.network.node(session.device.institution);
