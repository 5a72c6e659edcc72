import { CryptoError, fromHex, sha256, toHex, verifySignature } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  accessRequest,
  consortiumOf,
  isReader,
  recordNotice,
  signedAccessRequest,
  signedTokenRequest,
  tokenAnswer,
  tokenRequest,
} from "@anamnesis/protocol";
import type {
  AccessRequest,
  CertificateView,
  RequestView,
  TokenRequest,
} from "@anamnesis/protocol";
import { verifyCertificate } from "../certificates.ts";
import { inParallel } from "../inParallel.ts";
import { assertKnown } from "../knownPeople.ts";
import { openMessage, sendMessage, staffAddress } from "../mail.ts";
import type { PersonView } from "../model.ts";
import { askMembers } from "../members/ask.ts";
import { liveCertificate, personView } from "../people.ts";
import { pause } from "@anamnesis/http";
import type { Session } from "../session.ts";
import type { OwnBox } from "./boxes.ts";
import { cardOfBox } from "./boxes.ts";
import { takeLookup } from "./lookups.ts";
import { beginVisit, tokenFor } from "./visits.ts";
import { asVisit, visitOf } from "./visitKeys.ts";

/** What `attend` tells as it happens. */
export type AttendEvent =
  | { readonly what: "attending"; readonly boxes: number }
  | { readonly what: "answered"; readonly doctor: PersonView; readonly visits: number }
  | { readonly what: "declined"; readonly doctor: PersonView | undefined; readonly code: string }
  | { readonly what: "noticed"; readonly record: string }
  | { readonly what: "asked"; readonly request: string; readonly doctor: PersonView }
  | { readonly what: "lookedUp" }
  /** A part did not answer; it is asked again. */
  | { readonly what: "waiting"; readonly code: string; readonly message: string };
export type Tell = (event: AttendEvent) => void;

const VISITS_AT_ONCE = 8;
const REQUEST_TRIES = 8;
const REQUEST_WAIT_MS = 250;

/**
 * Handles one message of an own box. What cannot be opened or does not hold is told and done with: anybody may write to
 * a box.
 *
 * @throws {AnamnesisError} UNAVAILABLE, and what means that it should be tried again later.
 */
export async function handleMessage(
  session: Session,
  from: OwnBox,
  sealed: Uint8Array,
  tell: Tell,
): Promise<void> {
  try {
    const { type, body } = await openMessage(from.box, from.keys.box.secretKey, sealed);
    switch (type) {
      case "token.request":
        return await answerTokenRequest(session, from, body, tell);
      case "record.notice":
        return await takeNotice(session, body, tell);
      case "access.request":
        return await takeAccessRequest(session, body, sealed, tell);
      case "lookup.notice":
        return await takeLookup(session, from, body, tell);
      default:
        return; // Meant for doctors.
    }
  } catch (error) {
    if (error instanceof AnamnesisError && isPassing(error)) throw error;
    if (!(error instanceof AnamnesisError) && !(error instanceof CryptoError)) throw error;
    tell({ what: "declined", doctor: undefined, code: error.code });
  }
}

/** Failures of a part that will be there again. A full box is its owner's affair: who asks must be able to hear. */
const isPassing = (error: AnamnesisError): boolean =>
  ["UNAVAILABLE", "BUSY", "STORAGE_FULL"].includes(error.code);

/** The staff member who signed a body; live on the chain, at the institution their certificate names. */
async function signer(
  session: Session,
  signed: {
    readonly type: string;
    readonly body: Uint8Array;
    readonly signature: Uint8Array;
    readonly der: Uint8Array;
  },
): Promise<CertificateView> {
  const { fingerprint, signingKey } = verifyCertificate(session.trust, signed.der, session.clock());
  if (
    !verifySignature({
      type: signed.type,
      message: signed.body,
      publicKey: signingKey,
      signature: signed.signature,
    })
  ) {
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "A request in the box is not signed by whom it names",
    );
  }
  return liveCertificate(session, fingerprint);
}

/**
 * By the owner's rules: yes to a live doctor who holds this box's card, for visits at their own institution.
 * @throws {AnamnesisError} KEY_CHANGED for a known doctor's name with another key; what {@link signer} and sending throw.
 */
async function answerTokenRequest(
  session: Session,
  from: OwnBox,
  body: Uint8Array,
  tell: Tell,
): Promise<void> {
  const { request, signature } = signedTokenRequest.decode(body);
  const asked = tokenRequest.decode(request);
  const doctor = await signer(session, {
    type: "TOKEN-REQUEST",
    body: request,
    signature,
    der: asked.certificate,
  });
  await assertKnown(session, doctor);
  const rules = await session.device.items.get("rules", "rules");
  if (doctor.institution !== asked.institution || rules?.answerTokenRequests === false) {
    return tell({ what: "declined", doctor: personView(doctor), code: "FORBIDDEN" });
  }
  const pids = await visitsFor(session, doctor, asked);
  const card = cardOfBox(from);
  await inParallel(pids, VISITS_AT_ONCE, async (pid, index) => {
    const visit = await visitOf(session, pid);
    const token = await tokenFor(session, visit, card);
    await sendMessage(session, staffAddress(doctor, asVisit(session, visit)), {
      type: "visit.token",
      body: tokenAnswer.encode({ v: 1, id: asked.id, index, token }),
    });
  });
  tell({ what: "answered", doctor: personView(doctor), visits: pids.length });
}

/** One visit for each wanted; the same ones when the request comes again (docs/spec/messages.md M-7). */
async function visitsFor(
  session: Session,
  doctor: CertificateView,
  asked: TokenRequest,
): Promise<readonly string[]> {
  const name = `${doctor.fingerprint} ${toHex(asked.id)}`;
  const answered = await session.device.items.get("answered", name);
  if (answered !== undefined) return answered.pids;
  const visits = await inParallel(asked.visits, VISITS_AT_ONCE, (categories) =>
    beginVisit(session, { institution: asked.institution, categories, ownBox: false }),
  );
  const pids = visits.map(({ pid }) => pid);
  await session.device.items.put("answered", name, { time: session.clock(), pids });
  return pids;
}

async function takeNotice(session: Session, body: Uint8Array, tell: Tell): Promise<void> {
  const notice = recordNotice.decode(body);
  const record = toHex(notice.record);
  // Whoever holds a card can say anything; a record of no visit, or of another one, would hide the real one.
  const visit = await visitOf(session, toHex(notice.pid));
  const { chain, pid } = visit;
  const views = await askMembers(session, chain, (node) => node.records(chain, { pid }));
  if (notice.chain !== chain || !views.some((view) => view.record === record))
    throw new AnamnesisError(
      "RECORD_UNKNOWN",
      "A notice is of a record that its visit does not have",
    );
  const known = await session.device.items.get("record", record);
  if (known === undefined) {
    await session.device.items.put("record", record, {
      record,
      chain: notice.chain,
      pid: toHex(notice.pid),
      opened: {},
      confirmations: {},
      disputes: {},
    });
  }
  tell({ what: "noticed", record });
}

async function takeAccessRequest(
  session: Session,
  body: Uint8Array,
  sealed: Uint8Array,
  tell: Tell,
): Promise<void> {
  const { request: signedBody, signature } = signedAccessRequest.decode(body);
  const asked = accessRequest.decode(signedBody);
  const doctor = await signer(session, {
    type: "ACCESS-REQUEST-BODY",
    body: signedBody,
    signature,
    der: asked.certificate,
  });
  assertAsksForItself(asked, doctor);
  const onChain = await requestOnChain(session, toHex(sha256(sealed)), {
    reader: doctor.fingerprint,
    refusal: toHex(sha256(asked.r)),
  });
  const { request } = onChain;
  if ((await session.device.items.get("request", request)) === undefined) {
    await session.device.items.put("request", request, {
      request,
      body: signedBody,
      party: doctor.fingerprint,
      partyName: doctor.name,
      institution: doctor.institution,
      time: onChain.time,
      state: "open",
      gid: null,
      closedAt: null,
    });
  }
  tell({ what: "asked", request, doctor: personView(doctor) });
}

/** @throws {AnamnesisError} FORBIDDEN for who asks on behalf of a reader that they are not. */
function assertAsksForItself({ reader }: AccessRequest, doctor: CertificateView): void {
  if (!isReader(reader, { ...doctor, fingerprint: fromHex(doctor.fingerprint) }))
    throw new AnamnesisError(
      "FORBIDDEN",
      "A request in the box is for another reader than its signer",
    );
}

/**
 * The request's slip: of this reader and with this commitment, for anybody certified can repeat a body's digest. It is
 * posted before the message, but this node may be a moment behind.
 */
async function requestOnChain(
  session: Session,
  body: string,
  wanted: { readonly reader: string; readonly refusal: string },
): Promise<RequestView> {
  const { chain } = consortiumOf(session.trust);
  for (let tries = 1; tries <= REQUEST_TRIES; tries++) {
    const requests = await askMembers(session, chain, (node) => node.requestsByBody(chain, body));
    const found = requests.find(
      ({ reader, refusal }) => reader === wanted.reader && refusal === wanted.refusal,
    );
    if (found !== undefined) return found;
    await pause(REQUEST_WAIT_MS);
  }
  throw new AnamnesisError(
    "PROOF_INVALID",
    "A request in the box is another one than the chain holds",
  );
}
