import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, gidOf, proxyRoutes } from "@anamnesis/protocol";
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
import { acceptGrant, sameDeal } from "./acceptGrant.ts";
import type { AcceptDeps } from "./acceptGrant.ts";
import { eraseIfEnded } from "./erasure.ts";
import type { ErasureDeps } from "./erasure.ts";
import type { Asked } from "./checks.ts";
import { prove, reencrypt } from "./release.ts";
import type { ReleaseDeps } from "./release.ts";
import type { HeldGrant } from "./store.ts";

const handle = handling<CertificateView>();
type Handlers = readonly Handled<CertificateView>[];

export interface ProxyDeps extends AcceptDeps, ReleaseDeps, ErasureDeps {
  /** New grants, by patient. */
  readonly newGrants: RateLimit;
}

export const routes = (deps: ProxyDeps): Handlers => [
  handle(proxyRoutes.postGrant, ({ body }) => takeShares(deps, body)),
  handle(proxyRoutes.reencrypt, ({ body, caller }) => reencrypt(deps, asked(body, caller))),
  handle(proxyRoutes.prove, ({ body, caller }) => prove(deps, asked(body, caller))),
  handle(proxyRoutes.getEvidence, ({ params, caller }) =>
    evidenceOf(deps, owned(deps, params.gid, caller)),
  ),
  handle(proxyRoutes.eraseGrant, async ({ params, caller }) => {
    const { gid } = owned(deps, params.gid, caller);
    return evidenceOf(deps, { gid, held: await eraseIfEnded(gid, deps) });
  }),
];

const asked = (
  request: ReencryptRequest,
  { fingerprint, certificate }: CertifiedCaller<CertificateView>,
): Asked => ({ request, reader: fingerprint, certificate });

async function takeShares(
  deps: ProxyDeps,
  shares: SharePackage,
): Promise<ResponseOf<typeof proxyRoutes.postGrant>> {
  const { gid, held, commitments, patient } = await acceptGrant(shares, deps);
  const before = deps.store.grant(gid);
  if (before !== undefined && !sameDeal(before, held) && !(await isPublished(deps, gid, held))) {
    throw new AnamnesisError(
      "GRANT_EXISTS",
      "Share refused: this proxy holds another deal of this grant",
    );
  }
  if (before === undefined || !sameDeal(before, held)) {
    deps.newGrants.take(patient, deps.now());
    await deps.store.putGrant(gid, held, commitments);
  }
  return { gid, accepted: true };
}

/** Whoever knows a gid may send a deal for it; the one that its key published drives others out. */
async function isPublished({ consortium }: ProxyDeps, gid: Gid, held: HeldGrant): Promise<boolean> {
  const onChain = await consortium.grant(gid);
  return onChain !== undefined && onChain.digest === toHex(held.digest);
}

/** Only the grant's own key, which nobody but the patient has, reads its evidence. */
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

function evidenceOf(
  { store }: ProxyDeps,
  { gid, held }: { gid: string; held: HeldGrant },
): Evidence {
  const intents = store
    .intents(gid)
    .toSorted((a, b) => a.time - b.time || (toHex(a.intent) < toHex(b.intent) ? -1 : 1));
  const receipt =
    held.secret === null ? { erasedAt: held.erasedAt, signature: held.receipt } : null;
  return { v: 1, intents, receipt };
}
