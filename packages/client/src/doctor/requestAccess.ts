import { sign } from "@anamnesis/crypto/sign";
import { fromHex, sha256 } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  accessRequest,
  consortiumOf,
  limits,
  makeReply,
  signedAccessRequest,
} from "@anamnesis/protocol";
import type { Action, Purpose } from "@anamnesis/protocol";
import { certifiedCaller } from "../caller.ts";
import type { RequestItem } from "../items.ts";
import { cardAddress, sealMessage } from "../mail.ts";
import type { RequestSummary } from "../model.ts";
import { requestSummaryOrder, summariseRequest } from "../requestSummary.ts";
import { parseRecordName } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { resolvePatient } from "./addressBook.ts";
import { heldGrants } from "./grants.ts";
import { askInstitution, askMailbox } from "../members/ask.ts";
import type { ContactCard } from "@anamnesis/protocol";
import { postOrKeep } from "../letters.ts";

export interface AccessRequestInput {
  readonly for: string;
  readonly categories?: readonly string[];
  readonly records?: readonly string[];
  /** Sensitive records too; default not, but for those named in `records`. */
  readonly sensitive?: boolean;
  readonly actions?: readonly Action[];
  readonly purpose: Purpose;
  /** Unix milliseconds. */
  readonly until: number;
  readonly text?: string;
}

/**
 * Asks a patient for access. The chain gets the digest of the sealed request, the patient's box the request itself.
 *
 * @throws {AnamnesisError} NOT_FOUND, AMBIGUOUS_NAME, BAD_REQUEST, EXPIRY_IN_PAST; slip codes; BOX_FULL, UNAVAILABLE.
 */
export async function requestAccess(
  session: Session,
  input: AccessRequestInput,
): Promise<RequestSummary> {
  const { device } = session;
  if (input.until <= session.clock())
    throw new AnamnesisError("EXPIRY_IN_PAST", "The end of the access asked for lies in the past");
  const records = input.records?.map((name) => fromHex(parseRecordName(name).id));
  const patient = await resolvePatient(session, input.for);
  const card = await cardInReach(session, patient.cards);
  const [{ der, fingerprint }, { signing, postKey }] = await Promise.all([
    device.certificate(),
    device.keys(),
  ]);
  // Room is kept for the answer: in this device's box, whose node has to know the key for that.
  const caller = await certifiedCaller(device);
  await askMailbox(session, device.institution, (mailbox) =>
    mailbox.open(fromHex(fingerprint), postKey, caller),
  );
  const r = session.random(32);
  const body = accessRequest.encode({
    v: 1,
    certificate: der,
    reader: { kind: "certificate", fingerprint: fromHex(fingerprint) },
    categories: input.categories === undefined ? null : [...input.categories],
    records: records ?? null,
    sensitive: input.sensitive === true,
    actions: [...(input.actions ?? (["read"] as const))],
    purpose: input.purpose,
    until: input.until,
    r,
    reply: makeReply(postKey, {
      nonce: session.random(16),
      notAfter: session.clock() + limits.messageLifetimeMs,
    }),
    text: input.text ?? "",
  });
  const signature = sign({
    type: "ACCESS-REQUEST-BODY",
    message: body,
    secretKey: signing.secretKey,
  });
  const address = cardAddress(session, card);
  const sealed = await sealMessage(address, {
    type: "access.request",
    body: signedAccessRequest.encode({ v: 1, request: body, signature }),
  });
  const { chain } = consortiumOf(session.trust);
  const fields = { cert: fromHex(fingerprint), body: sha256(sealed), refusal: sha256(r) };
  const slip = signedSlip(session, {
    chain,
    kind: "access.request",
    fields,
    secretKey: signing.secretKey,
  });
  const request = await postSlip(session, slip);
  const item: RequestItem = {
    request,
    body,
    party: patient.fingerprint,
    partyName: patient.name,
    institution: "",
    time: session.clock(),
    state: "open",
    gid: null,
    closedAt: null,
  };
  await device.items.put("request", request, item);
  const waitsFor = await postOrKeep(session, address, sealed);
  const summary = summariseRequest(item, "patient");
  return waitsFor === undefined ? summary : { ...summary, waitsFor };
}

/** The first box whose node answers: a patient may be known by several. @throws {AnamnesisError} NOT_FOUND */
async function cardInReach(session: Session, cards: readonly ContactCard[]): Promise<ContactCard> {
  const [first] = cards;
  if (first === undefined)
    throw new AnamnesisError("NOT_FOUND", "There is no box in which this patient could be asked");
  const { chain } = consortiumOf(session.trust);
  for (const card of cards.length > 1 ? cards : []) {
    try {
      const { institution } = cardAddress(session, card);
      await askInstitution(session, chain, institution, (node) => node.head(chain));
      return card;
    } catch (error) {
      if (!(error instanceof AnamnesisError)) throw error;
    }
  }
  return first;
}

/** Requests that this doctor made, newest first. One counts as granted once a grant of that patient says that it answers it. */
export async function listRequests(session: Session): Promise<readonly RequestSummary[]> {
  const [items, grants] = await Promise.all([
    session.device.items.all("request"),
    heldGrants(session),
  ]);
  return items
    .map((item) => {
      const answer = grants.find(
        ({ item: { patient }, requests }) =>
          item.state === "open" && patient === item.party && requests.includes(item.request),
      );
      return summariseRequest(
        answer === undefined
          ? item
          : { ...item, state: "granted", gid: answer.gid, closedAt: answer.item.time },
        "patient",
      );
    })
    .toSorted(requestSummaryOrder);
}
