import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, askedPaths, gidOf, proxyRoutes } from "@anamnesis/protocol";
import type {
  CertificateView,
  Evidence,
  Gid,
  ReencryptRequest,
  ResponseOf,
  SharePackage,
} from "@anamnesis/protocol";
import { handling } from "@anamnesis/server";
import type { CertifiedCaller, Handled, KeyCaller, RateLimit } from "@anamnesis/server";
import { openOffer, sameDeal } from "./acceptGrant.ts";
import type { AcceptDeps } from "./acceptGrant.ts";
import type { DealJudge } from "./dealJudge.ts";
import { eraseRevoked } from "./erasure.ts";
import type { ErasureDeps } from "./erasure.ts";
import type { Asked } from "./checks.ts";
import { prove, reencrypt } from "./release.ts";
import type { ReleaseDeps } from "./release.ts";
import type { HeldGrant } from "./store.ts";

const handle = handling<CertificateView>();
type Handlers = readonly Handled<CertificateView>[];

export interface ProxyDeps extends AcceptDeps, ReleaseDeps, ErasureDeps {
  /** New grants, by the patient or relative who dealt them. */
  readonly newGrants: RateLimit;
  /** Their tags. */
  readonly newTags: RateLimit;
  readonly judge: DealJudge;
}

export const routes = (deps: ProxyDeps): Handlers => [
  handle(proxyRoutes.postGrant, ({ body }) => takeShares(deps, body)),
  handle(proxyRoutes.reencrypt, ({ params, body, caller }) =>
    reencrypt(deps, asked(params.gid, body, caller)),
  ),
  handle(proxyRoutes.prove, ({ params, body, caller }) =>
    prove(deps, asked(params.gid, body, caller)),
  ),
  handle(proxyRoutes.getEvidence, ({ params, caller }) =>
    openings(deps, owned(deps, params.gid, caller)),
  ),
  handle(proxyRoutes.getDenied, ({ params, caller }) => {
    const { gid } = owned(deps, params.gid, caller);
    const request = deps.kept.find(gid, params.evidence);
    if (request === undefined)
      throw new AnamnesisError("NOT_FOUND", "This proxy keeps no such request");
    return request;
  }),
  handle(proxyRoutes.eraseGrant, ({ params, body }) => eraseRevoked(params.gid, body, deps)),
];

/**
 * The path is signed, so it says in the evidence under which grant was asked: it has to be the body's, written in the one
 * way in which a patient's device reads it.
 */
function asked(
  gid: Gid,
  request: ReencryptRequest,
  { fingerprint, certificate, signed }: CertifiedCaller<CertificateView>,
): Asked {
  if (toHex(request.gid) !== gid || !askedPaths(gid).includes(signed.path))
    throw new AnamnesisError("BAD_REQUEST", "Refused: want path and body to name one grant alike");
  return { request, reader: fingerprint, certificate, signed };
}

async function takeShares(
  deps: ProxyDeps,
  shares: SharePackage,
): Promise<ResponseOf<typeof proxyRoutes.postGrant>> {
  const { gid, held, deal, patient, inQuestion } = await openOffer(shares, deps);
  const before = deps.store.grant(gid);
  if (before !== undefined && sameDeal(before, held)) return { gid, accepted: true };
  const published = before !== undefined && (await isPublished(deps, gid, held));
  deps.newGrants.take(patient, deps.now());
  deps.newTags.take(patient, deps.now(), deal.shares.length);
  await deps.judge.check(inQuestion);
  await deps.store.changeGrant(
    gid,
    (now) => {
      if (now !== undefined && sameDeal(now, held)) return now;
      if (now?.revoked === true)
        throw new AnamnesisError("GRANT_NOT_LIVE", "Share refused: its key revoked this grant");
      if (now !== undefined && !published)
        throw new AnamnesisError(
          "GRANT_EXISTS",
          "Share refused: this proxy holds another deal of this grant",
        );
      return held;
    },
    deal,
  );
  return { gid, accepted: true };
}

/** Whoever knows a gid may send a deal for it; the one that its key published drives others out. */
async function isPublished({ consortium }: ProxyDeps, gid: Gid, held: HeldGrant): Promise<boolean> {
  const onChain = await consortium.grant(gid);
  return onChain !== undefined && onChain.digest === toHex(held.digest);
}

/** Only the grant's own key, which nobody has but who dealt it, reads its evidence. */
function owned(
  { store }: ProxyDeps,
  gid: Gid,
  { publicKey }: KeyCaller,
): { gid: Gid; held: HeldGrant } {
  if (gidOf(publicKey) !== gid)
    throw new AnamnesisError("FORBIDDEN", "Refused: want the signature of the grant's own key");
  const held = store.grant(gid);
  if (held === undefined)
    throw new AnamnesisError("GRANT_NOT_HELD", "This proxy holds no such grant");
  return { gid, held };
}

function openings({ store }: ProxyDeps, { gid, held }: { gid: string; held: HeldGrant }): Evidence {
  const intents = store.intents(gid).toSorted((a, b) => a.time - b.time);
  const receipt =
    held.replyKey === null ? { erasedAt: held.erasedAt, signature: held.receipt } : null;
  return { v: 1, intents, receipt };
}
