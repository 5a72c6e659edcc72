import { equalBytes, toHex, utf8Decode } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf } from "@anamnesis/protocol";
import type { LookupItem } from "../items.ts";
import type { LogEntry } from "../model.ts";
import type { Session } from "../session.ts";
import type { OwnBox } from "./boxes.ts";
import type { Tell } from "./inbox.ts";
import { reasons } from "./logElements.ts";

/** What the registry writes: "NAME, INSTITUTION", the doctor's name in one line. */
const NOTICE = /^(?<name>[^\p{Cc}]{1,128}), (?<institution>[a-z0-9-]{3,64})$/u;

interface Claimed {
  readonly name: string;
  readonly institution: string;
}

/**
 * Keeps a notice that somebody looked up the contact card. It is not signed: whoever holds the card could have written
 * it (docs/spec/messages.md M-12). What the registry would never write is refused.
 *
 * @throws {AnamnesisError} FORBIDDEN in another box than the one that the registry knows; MALFORMED when it does not name
 * somebody at an institution of this federation.
 */
export async function takeLookup(
  session: Session,
  { box }: Pick<OwnBox, "box">,
  body: Uint8Array,
  tell: Tell,
): Promise<void> {
  const contact = await session.device.items.get("contactBox", "contact");
  if (contact === undefined || !equalBytes(contact.box, box))
    throw new AnamnesisError(
      "FORBIDDEN",
      "A look-up notice lies in a box that the registry does not know",
    );
  const text = utf8Decode(body);
  const claimed = parse(text);
  const { members } = consortiumOf(session.trust);
  if (claimed === undefined || !members.some(({ id }) => id === claimed.institution))
    throw new AnamnesisError(
      "MALFORMED",
      "A look-up notice does not name somebody at an institution of this federation",
    );
  const time = session.clock();
  await session.device.items.put("lookup", `${time} ${toHex(session.random(8))}`, { time, text });
  tell({ what: "lookedUp" });
}

/** The notice as a line of the access log. `fingerprint` is empty: nothing proves who it was. */
export function lookupEntry({ time, text }: LookupItem): LogEntry {
  const { name, institution } = parse(text) ?? { name: text, institution: "" };
  const who = { fingerprint: "", name, role: "", institution };
  return { what: "lookedUp", time, who, categories: [], origins: [], titles: {}, ...reasons([]) };
}

const parse = (text: string): Claimed | undefined =>
  NOTICE.exec(text)?.groups as unknown as Claimed | undefined;
