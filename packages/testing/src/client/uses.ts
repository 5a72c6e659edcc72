/** Many uses of one grant, as chain and proxies keep them: slips that the reader and a proxy signed, without the opening between. */
import type { Session } from "@anamnesis/client";
import { sign, signRaw } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import {
  askedPaths,
  consortiumOf,
  evidenceOf,
  grantDocument,
  intentCommitment,
  limits,
  makeSlip,
  parseGid,
  readRequestSignature,
  signRequest,
} from "@anamnesis/protocol";
import type { Grant, SlipFields } from "@anamnesis/protocol";
import { keyOf } from "../keys.ts";
import type { ClientFederation } from "./federation.ts";

const MINUTE_MS = 60_000;
/** Below what the chain takes of one reader in a minute (docs/spec/limits.md L-48). */
const INTENTS_A_MINUTE = 100;

/** A reader's grant. */
export interface UsedGrant {
  readonly patient: Session;
  readonly reader: Session;
  readonly gid: string;
}

/**
 * Has a reader announce so many openings, each of one of these versions, say of each that it is done, and three proxies keep
 * what they served. Time passes as the chain's limit wants.
 *
 * @param digests - Of versions, hex.
 * @returns slip ids of the intents, oldest first.
 */
export async function announceMany(
  federation: ClientFederation,
  used: UsedGrant,
  digests: readonly string[],
  count: number,
): Promise<readonly string[]> {
  const signer = await readerOf(used.reader);
  const grant = await grantOf(used);
  const intents: string[] = [];
  for (let i = 0; i < count; i += 1) {
    if (i % INTENTS_A_MINUTE === 0) federation.skewMs += MINUTE_MS;
    const intended = {
      salt: randomBytes(32),
      action: "read" as const,
      purpose: "TREAT" as const,
      digests: [fromHex(digests[i % digests.length]!)],
    };
    const { reader, salt } = grant;
    const id = post(federation, signer.secretKey, "usage.intent", {
      gid: fromHex(used.gid),
      cert: signer.cert,
      reader,
      salt,
      action: "read",
      proxies: [1, 2, 3],
      commitment: intentCommitment(intended),
    });
    const served = {
      ...intended,
      intent: fromHex(id),
      reader: signer.cert,
      time: federation.clock(),
    };
    for (const proxy of [1, 2, 3]) federation.proxies.tell(proxy, used.gid, served);
    const done = { cert: signer.cert, intent: fromHex(id), proxies: [1, 2, 3] };
    post(federation, signer.secretKey, "usage.done", done);
    intents.push(id);
  }
  return intents;
}

/** Has proxy 2 turn the reader away so many times, a minute apart, and keep what they had signed. @returns slip ids */
export async function denyMany(
  federation: ClientFederation,
  used: UsedGrant,
  count: number,
): Promise<readonly string[]> {
  const { cert, secretKey } = await readerOf(used.reader);
  const denials: string[] = [];
  for (let i = 0; i < count; i += 1) {
    federation.skewMs += MINUTE_MS;
    const line = {
      method: "POST",
      authority: "proxy-2.example",
      path: askedPaths(parseGid(used.gid))[0]!,
    };
    const headers = signRequest(
      { ...line, body: new Uint8Array(0) },
      toHex(cert),
      (message) => signRaw({ message, secretKey }),
      federation.clock(),
      randomBytes(16),
    );
    const kept = readRequestSignature(line, headers).signed;
    const evidence = evidenceOf(kept);
    federation.proxies.turnedAway.set(`2 ${toHex(evidence)}`, kept);
    const fields = {
      proxy: 2,
      gid: fromHex(used.gid),
      cert,
      code: "TAG_NOT_GRANTED",
      evidence,
    } as const;
    denials.push(post(federation, keyOf("proxy 2").secretKey, "usage.denied", fields));
  }
  return denials;
}

async function readerOf({ device }: Session) {
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  return { cert: fromHex(fingerprint), secretKey: signing.secretKey };
}

async function grantOf({ patient, gid }: UsedGrant): Promise<Grant> {
  const item = await patient.device.items.get("grantGiven", gid);
  if (item === undefined) throw new Error("The patient gave no such grant");
  return grantDocument.decode(item.grant);
}

type UsageKind = "usage.intent" | "usage.done" | "usage.denied";

function post<K extends UsageKind>(
  { trust, chains, clock }: ClientFederation,
  secretKey: Uint8Array,
  kind: K,
  fields: SlipFields<K>,
): string {
  const { chain, writer } = consortiumOf(trust);
  const time = clock();
  const header = { chain, time, notAfter: time + limits.clientNotAfterMs };
  const made = makeSlip(kind, header, fields, (type, message) =>
    sign({ type, message, secretKey }),
  );
  chains.commit(chain, made, writer);
  return made.id;
}
