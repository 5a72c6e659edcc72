import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, evidence, gidOf, parseGid } from "@anamnesis/protocol";
import { readBody } from "@anamnesis/server";
import type { Incoming, RateLimit, Route } from "@anamnesis/server";
import { acceptGrant, sameDeal } from "./acceptGrant.ts";
import type { AcceptDeps } from "./acceptGrant.ts";
import { eraseIfEnded } from "./erasure.ts";
import type { ErasureDeps } from "./erasure.ts";
import { prove, reencrypt } from "./release.ts";
import type { ReleaseDeps } from "./release.ts";
import type { HeldGrant } from "./store.ts";

export interface ProxyDeps extends AcceptDeps, ReleaseDeps, ErasureDeps {
  /** Share packages, by origin: each costs a decapsulation before it is known whose it is. */
  readonly packages: RateLimit;
  /** New grants, by patient. */
  readonly newGrants: RateLimit;
}

/** Largest share package: 2,048 tags with their commitments. */
const PACKAGE_BYTES = 8 * 1024 * 1024;

export const routes = (deps: ProxyDeps): readonly Route[] => [
  {
    method: "POST",
    url: "/grants",
    spec: "H-30",
    summary: "Take this proxy's shares of a grant",
    handle: async (incoming) => ({ body: await takeShares(deps, incoming) }),
  },
  {
    method: "POST",
    url: "/reencrypt",
    spec: "H-31",
    summary: "Answer a reader's capsules with shares",
    handle: async (incoming) => ({ body: await reencrypt(deps, incoming) }),
  },
  {
    method: "POST",
    url: "/proofs",
    spec: "H-32",
    summary: "Prove that the shares were right",
    handle: async (incoming) => ({ body: await prove(deps, incoming) }),
  },
  {
    method: "GET",
    url: "/grants/:gid/evidence",
    spec: "H-33",
    summary: "What was opened under a grant, for its owner",
    handle: async (incoming) => ({ body: evidenceOf(deps, await owned(deps, incoming)) }),
  },
  {
    method: "POST",
    url: "/grants/:gid/erase",
    spec: "H-33",
    summary: "Erase the shares of an ended grant now",
    handle: async (incoming) => {
      const { gid } = await owned(deps, incoming);
      return { body: evidenceOf(deps, { gid, held: await eraseIfEnded(gid, deps) }) };
    },
  },
];

async function takeShares(deps: ProxyDeps, incoming: Incoming): Promise<object> {
  deps.packages.take(incoming.origin, deps.now());
  const { gid, held, patient } = await acceptGrant(await readBody(incoming, PACKAGE_BYTES), deps);
  const before = deps.store.grant(gid);
  if (before !== undefined && !sameDeal(before, held) && !(await isPublished(deps, gid, held))) {
    throw new AnamnesisError(
      "GRANT_EXISTS",
      "Share refused: this proxy holds another deal of this grant",
    );
  }
  if (before === undefined || !sameDeal(before, held)) {
    deps.newGrants.take(patient, deps.now());
    await deps.store.putGrant(gid, held);
  }
  return { gid, accepted: true };
}

/** Whoever knows a gid may send a deal for it; the one that its key published drives others out. */
async function isPublished(
  { consortium }: ProxyDeps,
  gid: string,
  held: HeldGrant,
): Promise<boolean> {
  const onChain = await consortium.grant(gid);
  return onChain !== undefined && equalBytes(onChain.digest, held.digest);
}

/** Only the grant's own key, which nobody but the patient has, reads its evidence. */
async function owned(
  deps: ProxyDeps,
  incoming: Incoming,
): Promise<{ gid: string; held: HeldGrant }> {
  const gid = parseGid(incoming.params["gid"] ?? "");
  const caller = await deps.callers.callerOf(incoming, await readBody(incoming), () => {
    throw new AnamnesisError("FORBIDDEN", "Refused: want the signature of the grant's own key");
  });
  if (gidOf(caller.publicKey) !== gid)
    throw new AnamnesisError("FORBIDDEN", "Refused: want the signature of the grant's own key");
  const held = deps.store.grant(gid);
  if (held === undefined)
    throw new AnamnesisError("GRANT_NOT_HELD", "This proxy holds no such grant");
  return { gid, held };
}

function evidenceOf(
  { store }: ProxyDeps,
  { gid, held }: { gid: string; held: HeldGrant },
): Uint8Array {
  const intents = store.intents(gid).map(({ intent, reader, salt, digests, time }) => ({
    intent,
    reader,
    salt,
    digests: [...digests],
    time,
  }));
  intents.sort((a, b) => a.time - b.time || (toHex(a.intent) < toHex(b.intent) ? -1 : 1));
  const receipt =
    held.secret === null ? { erasedAt: held.erasedAt, signature: held.receipt } : null;
  return evidence.encode({ v: 1, intents, receipt });
}
