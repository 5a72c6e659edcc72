/**
 * What went over the wire between a reader and the proxies, and what an attacker makes of it: other signatures, other
 * records, another purpose. No client stands between these questions and the proxies.
 */
import { sign } from "@anamnesis/crypto/sign";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { certifiedCaller, httpNetwork } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import {
  AnamnesisError,
  consortiumOf,
  decodeSlip,
  intentCommitment,
  limits,
  makeSlip,
  reencryptRequest,
} from "@anamnesis/protocol";
import type { ReencryptRequest, Slip, SlipFields } from "@anamnesis/protocol";
import { answerOf } from "./answered.ts";
import type { Answered } from "./answered.ts";
import type { DemoWorld, SentRequest } from "./world.ts";

type IntentFields = SlipFields<"usage.intent">;

const bodyOf = ({ init }: SentRequest): Uint8Array =>
  init.body instanceof Uint8Array ? init.body : new Uint8Array(0);

/** The newest request to a path that ends so. @throws {AnamnesisError} NOT_FOUND */
export function captured(world: Pick<DemoWorld, "sent">, ending: string): SentRequest {
  const request = world.sent.findLast(({ url }) => url.endsWith(ending));
  if (request !== undefined) return request;
  throw new AnamnesisError("NOT_FOUND", `Nothing went over the wire to '${ending}'`);
}

/** The newest question to proxies under a grant. @throws {AnamnesisError} NOT_FOUND */
export const capturedQuestion = (world: Pick<DemoWorld, "sent">, gid: string): ReencryptRequest =>
  reencryptRequest.decode(bodyOf(captured(world, `/grants/${gid}/reencrypt`)));

/** The newest question about other records than these, under the same grant. @throws {AnamnesisError} NOT_FOUND */
export function questionOfOthers(
  world: Pick<DemoWorld, "sent">,
  than: ReencryptRequest,
): ReencryptRequest {
  const ending = `/grants/${toHex(than.gid)}/reencrypt`;
  const asked = new Set(than.digests.map(toHex));
  for (const request of world.sent.toReversed()) {
    if (!request.url.endsWith(ending)) continue;
    const question = reencryptRequest.decode(bodyOf(request));
    if (question.digests.every((digest) => !asked.has(toHex(digest)))) return question;
  }
  throw new AnamnesisError("NOT_FOUND", "No other record was asked for under this grant");
}

/** The intent that a question is asked under, as it was posted. @throws {AnamnesisError} NOT_FOUND */
function capturedIntent(
  world: Pick<DemoWorld, "sent">,
  { intent }: ReencryptRequest,
): IntentFields {
  const id = toHex(intent);
  for (const request of world.sent.toReversed()) {
    if (!request.url.endsWith("/slips")) continue;
    const slip: Slip = decodeSlip(bodyOf(request));
    if (slip.id === id && slip.kind === "usage.intent") return slip.fields;
  }
  throw new AnamnesisError("NOT_FOUND", "The intent of that question was not captured");
}

/**
 * Posts an intent for what a question asks.
 *
 * @param signer - Who signs it. @param holder - Whose certificate it names.
 * @returns The question under that intent. @throws {AnamnesisError} The slip's code.
 */
export async function underNewIntent(
  world: Pick<DemoWorld, "sent">,
  signer: Session,
  question: ReencryptRequest,
  holder: Session = signer,
): Promise<ReencryptRequest> {
  const { chain } = consortiumOf(signer.trust);
  const [{ fingerprint }, { signing }] = await Promise.all([
    holder.device.certificate(),
    signer.device.keys(),
  ]);
  const time = Date.now();
  const { id, bytes } = makeSlip(
    "usage.intent",
    { chain, time, notAfter: time + limits.clientNotAfterMs },
    {
      ...capturedIntent(world, question),
      cert: fromHex(fingerprint),
      commitment: intentCommitment(question),
    },
    (type, message) => sign({ type, message, secretKey: signing.secretKey }),
  );
  await signer.network.node(signer.device.institution).submit(chain, bytes);
  return { ...question, intent: fromHex(id) };
}

/** Asks every proxy of the federation, which nobody captures. @param signer - Under whose certificate. */
export async function askProxies(
  signer: Session,
  question: ReencryptRequest,
): Promise<readonly Answered[]> {
  const caller = await certifiedCaller(signer.device);
  const { proxies } = consortiumOf(signer.trust).consortium;
  const network = httpNetwork(signer.trust);
  return Promise.all(
    proxies.map(({ index, institution }) =>
      answerOf(`the proxy of ${institution}`, network.proxy(index).reencrypt(question, caller)),
    ),
  );
}

/** @throws {Error} When a proxy does not serve what it has to: then no refusal says anything. */
export async function expectServed(signer: Session, question: ReencryptRequest): Promise<string> {
  const answers = await askProxies(signer, question);
  const refused = answers.filter(({ code }) => code !== "SERVED");
  if (refused.length > 0)
    throw new Error(refused.map(({ by, code }) => `${by} refused: ${code}`).join(", "));
  return `${answers.length} proxies served`;
}
