import { signingKeypair } from "@anamnesis/crypto/sign";
import { fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, accessRequest, consortiumOf } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import type { RequestItem, VisitItem } from "../items.ts";
import { staffAddress } from "../mail.ts";
import type { RequestSummary } from "../model.ts";
import { certificateOf } from "../people.ts";
import { requestSummaryOrder, summariseRequest } from "../requestSummary.ts";
import { sendOrKeep } from "../letters.ts";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { openVisits, visitKey } from "./visitKeys.ts";

/** Every access request that came, newest first. */
export async function listRequests(session: Session): Promise<readonly RequestSummary[]> {
  const items = await session.device.items.all("request");
  return items.map((item) => summariseRequest(item, "doctor")).toSorted(requestSummaryOrder);
}

/** @throws {AnamnesisError} NOT_FOUND, REQUEST_CLOSED */
export async function openRequest(session: Session, request: string): Promise<RequestItem> {
  const item = await session.device.items.get("request", request);
  if (item === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such request");
  if (item.state !== "open")
    throw new AnamnesisError("REQUEST_CLOSED", `The request was ${item.state} already`);
  return item;
}

/** Refuses on chain under a key used once, which names nobody, and tells the doctor. @throws {AnamnesisError} NOT_FOUND, REQUEST_CLOSED */
export async function refuse(session: Session, request: string): Promise<void> {
  const item = await openRequest(session, request);
  const { r, reply } = accessRequest.decode(item.body);
  const once = signingKeypair(session.random(32));
  const { chain } = consortiumOf(session.trust);
  const slip = signedSlip(session, {
    chain,
    kind: "access.refuse",
    fields: { key: once.publicKey, request: fromHex(request), r },
    secretKey: once.secretKey,
  });
  const visit = await anyVisit(session);
  const caller = bareCaller(visitKey(session, visit));
  await postSlip(session, slip, { chain: visit.chain, caller });
  await session.device.items.put("request", request, {
    ...item,
    state: "refused",
    closedAt: session.clock(),
  });
  const asking = await certificateOf(session, item.party);
  await sendOrKeep(session, staffAddress(asking, { by: "reply", reply }), {
    type: "access.refused",
    body: fromHex(request),
  });
}

/** A visit through whose institution's node something that shows no name is carried. @throws {AnamnesisError} NOT_FOUND */
async function anyVisit(session: Session): Promise<VisitItem> {
  const [visit] = (await openVisits(session)).toSorted((a, b) => b.openedAt - a.openedAt);
  if (visit === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      "This patient has no open visit, and only visitors are carried",
    );
  return visit;
}
