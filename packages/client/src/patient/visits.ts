import { sealTo } from "@anamnesis/crypto/box";
import { sign } from "@anamnesis/crypto/sign";
import { toHex, utf8 } from "@anamnesis/crypto/verify";
import { categories as allCategories } from "@anamnesis/fhir/category";
import {
  hpkeInfo,
  AnamnesisError,
  careChainOf,
  memberOf,
  sessionIntake,
  signedVisitToken,
  tokenAnswer,
  visitToken,
  vouched,
} from "@anamnesis/protocol";
import type { ContactCard } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import type { VisitEntry, VisitItem } from "../items.ts";
import { sendMessage, staffAddress } from "../mail.ts";
import type { PersonView } from "../model.ts";
import { findDoctor, personView } from "../people.ts";
import type { Session } from "../session.ts";
import { signedSlip } from "../submit.ts";
import { statedBy } from "./stated.ts";
import { EPOCH, asVisit, keysOfTag, publicKeyFor, visitBox, visitKey } from "./visitKeys.ts";
import { askInstitution, askMailbox } from "../members/ask.ts";

export interface OpenVisitInput {
  /** Where; default: the doctor's institution. */
  readonly institution?: string;
  /** A doctor there, who gets the token: a fingerprint, `NAME@INSTITUTION`, or a name. */
  readonly doctor?: string;
  /** Default: every category. */
  readonly categories?: readonly string[];
}
export interface OpenedVisit {
  readonly pid: string;
  readonly chain: string;
  readonly institution: string;
  readonly categories: readonly string[];
  readonly doctor?: PersonView;
  /** The signed visit token (canonical CBOR), for a QR or a file. */
  readonly token: Uint8Array;
}

/** How long an author may use a token. */
const TOKEN_MS = 30 * 24 * 3_600_000;
/** Id of a token answer that nobody asked for (docs/spec/messages.md M-6). */
const unasked = new Uint8Array(16);

/**
 * Opens a visit: `session.open` on the institution's chain, a box of its own, and the token to the doctor's box.
 *
 * @throws {AnamnesisError} NOT_FOUND, AMBIGUOUS_NAME, BAD_REQUEST (unknown category, no institution, or whom it names is no
 * doctor), CERTIFICATE_NOT_LIVE, UNAVAILABLE.
 */
export async function openVisit(session: Session, input: OpenVisitInput): Promise<OpenedVisit> {
  const doctor =
    input.doctor === undefined
      ? undefined
      : await findDoctor(session, input.doctor, input.institution);
  if (doctor !== undefined && doctor.role !== "doctor")
    throw new AnamnesisError("BAD_REQUEST", `${doctor.name} is ${doctor.role}, want a doctor`);
  const institution = input.institution ?? doctor?.institution;
  if (institution === undefined)
    throw new AnamnesisError("BAD_REQUEST", "Want an institution, or a doctor whose it is");
  const visit = await beginVisit(session, { ...input, institution, ownBox: true });
  const token = await tokenFor(session, visit, await cardOf(session, visit));
  const opened = {
    pid: visit.pid,
    chain: visit.chain,
    institution: visit.institution,
    categories: [...new Set(visit.entries.map(({ category }) => category))],
    token,
  };
  if (doctor === undefined) return opened;
  await sendMessage(session, staffAddress(doctor, asVisit(session, visit)), {
    type: "visit.token",
    body: tokenAnswer.encode({ v: 1, id: unasked, index: 0, token }),
  });
  return { ...opened, doctor: personView(doctor) };
}

/** Makes a visit's keys and tags, remembers them, then opens it on the institution's chain. */
export async function beginVisit(
  session: Session,
  input: {
    readonly institution: string;
    readonly categories?: readonly string[];
    readonly ownBox: boolean;
  },
): Promise<VisitItem> {
  const genesis = careChainOf(session.trust, input.institution);
  const categories = input.categories ?? allCategories;
  const unknown = categories.find(
    (category) => !(allCategories as readonly string[]).includes(category),
  );
  if (unknown !== undefined)
    throw new AnamnesisError(
      "BAD_REQUEST",
      `'${unknown}' is not a category, want ${allCategories.join(", ")}`,
    );
  const salt = session.random(32);
  const now = session.clock();
  const visit: VisitItem = {
    pid: toHex(visitKey(session, { salt }).id),
    salt,
    institution: input.institution,
    chain: genesis.chain,
    epoch: EPOCH,
    openedAt: now,
    notAfter: now + TOKEN_MS,
    entries: entriesFor(session, categories),
    box: input.ownBox ? session.random(32) : null,
    open: false,
  };
  await session.device.items.put("visit", visit.pid, visit);
  await openOnChain(session, visit);
  if (visit.box !== null) await openBox(session, visit, visit.box);
  const open = { ...visit, open: true };
  await session.device.items.put("visit", visit.pid, open);
  return open;
}

/** Two tags for each category: what is sensitive has its own. */
const entriesFor = (session: Session, categories: readonly string[]): VisitEntry[] =>
  [...new Set(categories)].flatMap((category) =>
    [false, true].map((sensitive) => ({ category, sensitive, tag: session.random(16) })),
  );

/** Shows the institution, and nobody else, the certificate behind the visit. */
async function openOnChain(session: Session, visit: VisitItem): Promise<void> {
  const key = visitKey(session, visit);
  const [{ der }, { signing }] = await Promise.all([
    session.device.certificate(),
    session.device.keys(),
  ]);
  const fields = { institution: visit.institution, key: key.publicKey };
  const slip = signedSlip(session, {
    chain: visit.chain,
    kind: "session.open",
    fields,
    secretKey: key.secretKey,
  });
  const certified = sign({
    type: "PATIENT-VISIT",
    message: vouched(visit.pid),
    secretKey: signing.secretKey,
  });
  const { boxKey } = memberOf(careChainOf(session.trust, visit.institution), visit.institution);
  const sealed = await sealTo({
    publicKey: boxKey,
    info: hpkeInfo.session,
    aad: utf8(visit.chain),
    plaintext: sessionIntake.encode({ v: 1, certificate: der, certified, slip: slip.bytes }),
  });
  await askInstitution(session, visit.chain, visit.institution, (node) =>
    node.openSession(visit.chain, sealed),
  );
}

async function openBox(session: Session, visit: VisitItem, box: Uint8Array): Promise<void> {
  const { signing, postKey } = await visitBox(session, visit);
  await askMailbox(session, visit.institution, (mailbox) =>
    mailbox.open(box, postKey, bareCaller(signing)),
  );
}

/** The contact card of a visit's own box. */
async function cardOf(session: Session, visit: VisitItem): Promise<ContactCard> {
  if (visit.box === null) throw new AnamnesisError("NOT_FOUND", "This visit has no box of its own");
  const { box, postKey } = await visitBox(session, visit);
  return {
    node: visit.institution,
    box: visit.box,
    boxKey: box.publicKey,
    postKey,
    certificate: new Uint8Array(0),
  };
}

/**
 * The signed visit token: what a doctor needs to seal records for this visit, and how to reach the patient about it.
 * @param contact - The box for notices and further requests.
 */
export async function tokenFor(
  session: Session,
  visit: VisitItem,
  contact: ContactCard,
): Promise<Uint8Array> {
  const key = visitKey(session, visit);
  const entries = visit.entries.map(({ category, sensitive, tag }) => {
    const { ekTag, addressKey } = keysOfTag(session, tag);
    return { category, sensitive, tag, ek: ekTag, addressKey };
  });
  const { chain, institution, epoch, notAfter } = visit;
  const token = visitToken.encode({
    v: 1,
    suite: "MRS-V1",
    chain,
    institution,
    key: key.publicKey,
    A: publicKeyFor(session, visit),
    epoch,
    notAfter,
    entries,
    contact,
    stated: await statedBy(session),
  });
  const [{ der, registration }, { signing }] = await Promise.all([
    session.device.certificate(),
    session.device.keys(),
  ]);
  return signedVisitToken.encode({
    v: 1,
    token,
    signature: sign({ type: "VISIT-TOKEN", message: token, secretKey: key.secretKey }),
    certificate: der,
    registration,
    certified: sign({
      type: "PATIENT-VISIT",
      message: vouched(visit.pid),
      secretKey: signing.secretKey,
    }),
  });
}
