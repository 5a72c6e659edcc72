import { setImmediate as nextTurn } from "node:timers/promises";
import { proveShare, reencryptShares } from "@anamnesis/crypto/proxy";
import type { ProxyShares } from "@anamnesis/crypto/proxy";
import { sealSymmetric, sealTo } from "@anamnesis/crypto/box";
import { CryptoError, at, enc, equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, answerContext, hpkeInfo, reencryptAnswer } from "@anamnesis/protocol";
import type { AskedFor, ReencryptAnswer } from "@anamnesis/protocol";
import { checkRelease } from "./checks.ts";
import type { Asked, CheckDeps } from "./checks.ts";
import type { Denials } from "./denials.ts";
import type { Released } from "./shownVersion.ts";
import type { ProxyStore } from "./store.ts";

export interface ReleaseDeps extends CheckDeps {
  readonly store: ProxyStore;
  readonly denials: Denials;
}

/** H-31: one re-encryption share for each capsule. */
export const reencrypt = (deps: ReleaseDeps, asked: Asked): Promise<Uint8Array> =>
  release(deps, asked, "shares", (shares, items) => reencryptShares(shares, items));

/** H-32: for each capsule the proof that its share was right; sealed like the share, aad enc("proof", intent, digest). */
export const prove = (deps: ReleaseDeps, asked: Asked): Promise<Uint8Array> =>
  release(deps, asked, "proofs", (shares, items, { request }) =>
    Promise.all(
      items.map(({ tag, capsule, ctx, digest }) =>
        sealSymmetric({
          key: shares.replyKey,
          aad: enc("proof", request.intent, digest),
          plaintext: proveShare({ shares, tag, capsule, ctx }),
        }),
      ),
    ),
  );

/** Answers for several capsules, in their order. */
type Answer = (
  shares: ProxyShares,
  items: readonly Released[],
  asked: Asked,
) => Promise<Uint8Array[]>;

/** Answered in one go, some 60 ms of work; after so many somebody else has their turn. */
const CAPSULES_A_TURN = 15;

async function release(
  deps: ReleaseDeps,
  asked: Asked,
  askedFor: AskedFor,
  answer: Answer,
): Promise<Uint8Array> {
  const gid = toHex(asked.request.gid);
  const held = deps.store.grant(gid);
  try {
    const released = await checkRelease(asked, held, deps);
    const items: Uint8Array[] = [];
    for (let start = 0; start < released.length; start += CAPSULES_A_TURN) {
      if (start > 0) await nextTurn();
      const part = released.slice(start, start + CAPSULES_A_TURN);
      const shares = sharesFor(gid, part, deps);
      items.push(...(await capsulesChecked(() => answer(shares, part, asked))));
    }
    const aad = answerContext(askedFor, asked.request, deps.index);
    const sealed = await sealedToReader(asked, aad, { v: 1, items });
    await keepEvidence(deps, asked);
    return sealed;
  } catch (error) {
    if (error instanceof AnamnesisError && held !== undefined)
      deps.denials.post({ gid, reader: asked.reader, signed: asked.signed }, error.code);
    throw error;
  }
}

/**
 * The shares of the tags asked about, in the form in which the suite works with them. They are looked up after the checks, and in
 * each turn: what was erased meanwhile is not used.
 * @throws {AnamnesisError} GRANT_NOT_LIVE once erased.
 */
function sharesFor(
  gid: string,
  released: readonly Released[],
  { store, grants, index }: ReleaseDeps,
): ProxyShares {
  const held = store.grant(gid);
  if (held === undefined || held.replyKey === null)
    throw new AnamnesisError("GRANT_NOT_LIVE", "The shares of this grant are erased");
  const { gctx, replyKey } = held;
  const { tags } = grants.of(gid, held);
  const positions = new Set(
    released.map(({ tag }) => tags.findIndex((granted) => equalBytes(granted.tag, tag))),
  );
  const shares = [...positions].map((t) => ({ tag: at(tags, t).tag, ...store.share(gid, t) }));
  return { gctx, index, replyKey, tags: shares };
}

/**
 * Once more to the box key of the certificate that the intent names, as the chain has it: X and with it the reply key may
 * be known to colleagues.
 * @throws {AnamnesisError} CERTIFICATE_INVALID when that key is none.
 */
async function sealedToReader(
  { certificate }: Asked,
  aad: Uint8Array,
  answer: ReencryptAnswer,
): Promise<Uint8Array> {
  const plaintext = reencryptAnswer.encode(answer);
  try {
    const { boxKey: publicKey } = certificate;
    return await sealTo({ publicKey, info: hpkeInfo.answer, aad, plaintext });
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new AnamnesisError(
      "CERTIFICATE_INVALID",
      "Refused: the reader's certificate has no key to which an answer could be sealed",
      { cause },
    );
  }
}

/** The suite does `CheckCapsule` before it touches a share; whatever it finds wrong, a capsule is at fault. */
async function capsulesChecked(answer: () => Promise<Uint8Array[]>): Promise<Uint8Array[]> {
  try {
    return await answer();
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    throw new AnamnesisError("CAPSULE_INVALID", "Refused: a capsule fails its public check", {
      cause,
    });
  }
}

/** On disk before a share leaves: an opening that cannot be logged does not happen (I8). */
const keepEvidence = (
  { store, now }: ReleaseDeps,
  { request: { gid, intent, salt, action, purpose, digests }, reader }: Asked,
): Promise<void> =>
  store.putIntent(toHex(gid), toHex(intent), {
    intent,
    reader: fromHex(reader),
    salt,
    action,
    purpose,
    digests,
    time: now(),
  });
