import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, accessRequest, isForTreatment, limits } from "@anamnesis/protocol";
import type { Action, CertificateView, Purpose } from "@anamnesis/protocol";
import type { RequestItem } from "../items.ts";
import { findDoctor } from "../people.ts";
import type { Session } from "../session.ts";
import { ownRecords } from "./records.ts";
import type { OwnRecord } from "./records.ts";
import { openRequest } from "./requests.ts";
import { chosenFrom, covers, shareableFor } from "./shareable.ts";

export interface GrantInput {
  /** Answer this request: its reader, categories, records, actions, purpose and end unless given here. */
  readonly request?: string;
  /** Or grant to this doctor: a name, `NAME@INSTITUTION`, or a fingerprint. */
  readonly to?: string;
  readonly categories?: readonly string[];
  readonly records?: readonly string[];
  /** Sensitive records, too: only where this says so, or names them in `records`. Default: as asked. */
  readonly sensitive?: boolean;
  readonly actions?: readonly Action[];
  /** Default TREAT. */
  readonly purpose?: Purpose;
  /** Unix milliseconds; default the request's, else 30 days. */
  readonly until?: number;
}

const DEFAULT_MS = 30 * 24 * 3_600_000;

/** What is to be granted, to whom, once request and input are joined. */
export interface Terms {
  readonly reader: CertificateView;
  readonly request: RequestItem | undefined;
  readonly records: readonly OwnRecord[];
  /** Whether the grant is limited to these very records. */
  readonly limited: boolean;
  readonly actions: readonly Action[];
  readonly purpose: Purpose;
  readonly until: number;
  /** Open requests that it answers: the one it is for, and those of this reader that it covers. */
  readonly answers: readonly RequestItem[];
}

/**
 * What an input means now.
 *
 * @throws {AnamnesisError} USAGE, BAD_REQUEST for a request by an institution or an end too far ahead, NOT_FOUND, AMBIGUOUS_NAME, REQUEST_CLOSED, CERTIFICATE_NOT_LIVE, KEY_CHANGED, UNAVAILABLE.
 */
export async function termsOf(session: Session, input: GrantInput): Promise<Terms> {
  const request =
    input.request === undefined ? undefined : await openRequest(session, input.request);
  const asked = request === undefined ? undefined : accessRequest.decode(request.body);
  if (request === undefined && input.to === undefined)
    throw new AnamnesisError("USAGE", "A grant answers a request or names a doctor");
  if (asked?.reader.kind === "institution")
    throw new AnamnesisError(
      "BAD_REQUEST",
      "The request is for an institution; this device grants to a person's certificate",
    );
  const reader =
    request === undefined
      ? await findDoctor(session, input.to!)
      : await findDoctor(session, request.party);
  const purpose = input.purpose ?? asked?.purpose ?? "TREAT";
  const categories = input.categories ?? asked?.categories ?? undefined;
  const named = input.records ?? asked?.records?.map(toHex);
  const own = await ownRecords(session);
  const shareable = shareableFor(own, purpose);
  const missing = named?.find((id) => !shareable.some(({ record }) => record.id === id));
  if (missing !== undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      `Record ${missing.slice(0, 12)}… is not this patient's, or not confirmed and so not to be shared for ${purpose}`,
    );
  const sensitive = input.sensitive ?? asked?.sensitive ?? false;
  const records = chosenFrom(shareable, { categories, records: named, sensitive });
  if (records.length === 0)
    throw new AnamnesisError("NOT_FOUND", "There is nothing to share: no record fits this choice");
  const given = {
    records,
    limited: named !== undefined || !isForTreatment(purpose),
    actions: input.actions ?? asked?.actions ?? (["read"] as const),
    purpose,
  };
  const covered = (await session.device.items.all("request")).filter(
    (item) =>
      item.state === "open" &&
      item.request !== request?.request &&
      item.party === reader.fingerprint &&
      covers(given, accessRequest.decode(item.body), own),
  );
  const answers = [...(request === undefined ? [] : [request]), ...covered];
  const until = input.until ?? asked?.until ?? session.clock() + DEFAULT_MS;
  if (until > session.clock() + limits.grantLifetimeMs)
    throw new AnamnesisError(
      "BAD_REQUEST",
      `A grant lasts at most ${limits.grantLifetimeMs / (24 * 3_600_000)} days, want an earlier end`,
    );
  return { ...given, reader, request, answers, until };
}
