import { consortiumOf, serving } from "@anamnesis/protocol";
import type { NodeApi } from "./ports.ts";
import type { Session } from "./session.ts";

/** The member whose node serves the people of an institution. */
export const servingMember = ({ trust }: Pick<Session, "trust">, institution: string): string =>
  serving(consortiumOf(trust), institution).id;

/** The node that this person asks about the consortium: that which serves the institution where they were enrolled. */
export const ownNode = (session: Session): NodeApi =>
  session.network.node(servingMember(session, session.device.institution));
