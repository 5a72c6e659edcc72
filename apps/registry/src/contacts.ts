import { openWith, sealTo } from "@anamnesis/crypto/box";
import { BYTES, encodeCanonical, utf8 } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  consortiumOf,
  contactAnswer,
  contactCard,
  contactLookup,
  encodeMessage,
  fingerprintOf,
  hpkeInfo,
  proveByCard,
} from "@anamnesis/protocol";
import type { ContactCard, Trust } from "@anamnesis/protocol";
import type { RegistryDeps } from "./deps.ts";
import { identityName } from "./people.ts";
import type { CertificateEntry } from "./people.ts";

const empty = new Uint8Array(0);
const MINUTE_MS = 60_000;

/**
 * PUT /contacts (H-42): the patient leaves where doctors may write to.
 *
 * @param sealed - HPKE to the registry, info MRS-V1-CONTACT, of the card's canonical CBOR.
 * @throws {AnamnesisError} NOT_FOR_THIS_ROLE, BAD_REQUEST, MALFORMED, E_DECRYPT.
 */
export async function leaveContact(
  deps: RegistryDeps,
  caller: CertificateEntry,
  sealed: Uint8Array,
): Promise<void> {
  if (caller.role !== "patient")
    throw new AnamnesisError("NOT_FOR_THIS_ROLE", "Contact card refused: only patients leave one");
  const card = contactCard.decode(
    await openWith({ secretKey: deps.box.secretKey, info: hpkeInfo.contact, aad: empty, sealed }),
  );
  const fingerprint = fingerprintOf(caller.der);
  if (nodeOf(deps.trust, card) === undefined) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      "Contact card refused: its box is not at a member's node",
    );
  }
  if (card.certificate.length > 0 && fingerprintOf(card.certificate) !== fingerprint) {
    throw new AnamnesisError("BAD_REQUEST", "Contact card refused: it names another certificate");
  }
  deps.store.transaction(() => deps.store.put({ ...card }, "contact", fingerprint));
}

/**
 * POST /lookups (H-43): a doctor who knows the attested identifier gets the contact card. The look-up is logged, and told to the patient by a
 * message in that box, before the answer leaves. Nobody enrolled, enrolled without a card and a card found take the
 * same work; only the answer differs.
 *
 * @param sealed - HPKE to the registry, info MRS-V1-LOOKUP, of the identifier.
 * @returns ContactAnswer, sealed to the doctor's X-Wing key, info MRS-V1-CARD: the card, and what the doctor needs to see
 * that it is of whoever bears the identifier.
 * @throws {AnamnesisError} NOT_FOR_THIS_ROLE, RATE_LIMITED, NOT_FOUND, MALFORMED, E_DECRYPT.
 */
export async function lookup(
  deps: RegistryDeps,
  caller: CertificateEntry,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  if (caller.role !== "doctor")
    throw new AnamnesisError("NOT_FOR_THIS_ROLE", "Look-up refused: only doctors may ask");
  const request = await openWith({
    secretKey: deps.box.secretKey,
    info: hpkeInfo.lookUp,
    aad: empty,
    sealed,
  });
  const { identifier } = contactLookup.decode(request);
  const now = deps.now();
  const fingerprint = deps.people.enrolled(
    identityName({ role: "patient", institution: "", identifier }),
  );
  const found = fingerprint === undefined ? undefined : deps.store.get("contact", fingerprint);
  const card =
    found === undefined
      ? decoyCard(deps.box.publicKey)
      : contactCard.decode(encodeCanonical(found));
  const { salt, registration } =
    (fingerprint === undefined ? undefined : deps.people.certificate(fingerprint)) ?? caller;
  const answer = await sealTo({
    publicKey: caller.boxKey,
    info: hpkeInfo.card,
    aad: empty,
    plaintext: contactAnswer.encode({ v: 1, card, salt, registration }),
  });
  const notice = await sealTo({
    publicKey: card.boxKey,
    info: hpkeInfo.message,
    aad: card.box,
    plaintext: noticeOf(caller),
  });
  deps.store.transaction(() => {
    countLookup(deps, caller, now);
    logLookup(deps, {
      time: now,
      doctor: fingerprintOf(caller.der),
      patient: fingerprint ?? "",
      found: found !== undefined,
    });
    deps.notices.keep({
      node: nodeOf(deps.trust, card) ?? "",
      box: card.box,
      sealed: notice,
      proof: proveByCard(card.postKey, { box: card.box, sealed: notice }),
      time: now,
    });
  });
  if (found === undefined)
    throw new AnamnesisError("NOT_FOUND", "Nobody with this identifier can be reached");
  return answer;
}

/** One line of the look-up log, which only the registry's operator reads. */
export interface LookupEntry {
  /** Unix milliseconds. */
  readonly time: number;
  /** Fingerprints; `patient` is empty where nobody is enrolled. */
  readonly doctor: string;
  readonly patient: string;
  readonly found: boolean;
}

/** The log, oldest first. */
export const lookupLog = (deps: Pick<RegistryDeps, "store">): LookupEntry[] =>
  (deps.store.values("lookup") as unknown as (LookupEntry & { readonly no: number })[])
    .toSorted((left, right) => left.no - right.no)
    .map(({ time, doctor, patient, found }) => ({ time, doctor, patient, found }));

function logLookup({ store }: RegistryDeps, entry: LookupEntry): void {
  const no = ((store.get("counter", "lookups") as number | undefined) ?? 0) + 1;
  store.put(no, "counter", "lookups");
  store.put({ ...entry, no }, "lookup", String(no));
}

/** @throws {AnamnesisError} RATE_LIMITED */
function countLookup(deps: RegistryDeps, caller: CertificateEntry, now: number): void {
  const key = ["lookups", fingerprintOf(caller.der)] as const;
  const recent = ((deps.store.get("counter", ...key) as number[] | undefined) ?? []).filter(
    (time) => time > now - MINUTE_MS,
  );
  if (recent.length >= deps.lookupsPerMinute) {
    throw new AnamnesisError(
      "RATE_LIMITED",
      `Look-up refused: at most ${deps.lookupsPerMinute} a minute`,
    );
  }
  deps.store.put([...recent, now], "counter", ...key);
}

const noticeOf = ({ name, institution }: CertificateEntry): Uint8Array =>
  encodeMessage({ type: "lookup.notice", body: utf8(`${name}, ${institution}`) }, BYTES.boxSeal);

/** Base URL of the member's node that a card names, by its address or by the institution's id. */
function nodeOf(trust: Trust, { node }: ContactCard): string | undefined {
  return consortiumOf(trust).members.find(({ id, address }) => id === node || address === node)
    ?.address;
}

/** What is sealed where there is no card, to a valid key; it goes nowhere. */
const decoyCard = (boxKey: Uint8Array): ContactCard => ({
  node: "",
  box: new Uint8Array(32),
  boxKey,
  postKey: new Uint8Array(32),
  certificate: empty,
});
