/**
 * How long a proxy that holds a thousand grants of 500 tags keeps the shares of one that is revoked: until it finds that out by
 * itself, and when it is shown the revocation. Run alone (`node tests/bench/erasure.ts 1000 500`) it prints its rows as JSON.
 */
import { join } from "node:path";
import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { bareKeyId, evidence } from "@anamnesis/protocol";
import { LoopWatch } from "@anamnesis/testing/loopWatch";
import { revocation } from "@anamnesis/testing/proxy/calls";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import type { MadeGrant } from "@anamnesis/testing/proxy/grants";
import { ProxyStore } from "../../apps/proxy/src/store.ts";
import { within } from "./row.ts";
import type { Row } from "./row.ts";

const GRANTS = 1_000;
const TAGS = 500;
/** What ends must be gone within 60 s. */
const GONE_MS = 60_000;
const HOUR_MS = 3_600_000;
const PUT_AT_ONCE = 20;
/** What a grant says of a tag, about. */
const GRANT_BYTES_A_TAG = 110;

/** Rows `erasure.found`, `erasure.shown` and `erasure.longestBlock`. */
export async function benchErasure(grants: number = GRANTS, tags: number = TAGS): Promise<Row[]> {
  const federation = await ProxyFederation.start([]);
  try {
    const reader = await federation.newReader("Dr. Reader");
    const record = await federation.newRecord();
    await hold(federation, grants, tags);
    const stop = await federation.run(1, { sweepEveryMs: 15_000 });
    const [found, shown] = [
      await federation.granted(reader, [record]),
      await federation.granted(reader, [record]),
    ];
    const watch = new LoopWatch();
    const since = performance.now();
    const erased = await federation.erase(
      1,
      shown.gid,
      revocation(federation.parties, shown).bytes,
    );
    const shownMs = performance.now() - since;
    if (!erased.ok) throw new Error(`The proxy did not erase: ${erased.status}`);
    const revokedAt = performance.now();
    federation.revoke(found);
    while (!(await isErased(federation, found)))
      await new Promise((resolve) => setTimeout(resolve, 100));
    const foundMs = performance.now() - revokedAt;
    const longest = watch.longestMs();
    watch.stop();
    await stop();
    return [
      within({ id: "erasure.found", unit: "ms", value: foundMs, budget: GONE_MS }),
      within({ id: "erasure.shown", unit: "ms", value: shownMs, budget: 1_000 }),
      within({ id: "erasure.longestBlock", unit: "ms", value: longest, budget: 100 }),
    ];
  } finally {
    await federation.stop();
  }
}

/** Puts grants into the proxy's store as if their patients had dealt them: their bytes count here, and not their equations. */
async function hold(
  { parties, now }: ProxyFederation,
  grants: number,
  tags: number,
): Promise<void> {
  const store = new ProxyStore(join(parties.dataDirectories.get(1)!, "store"));
  try {
    const commitments = Array.from({ length: 3 }, () => randomBytes(576));
    const shares = Array.from({ length: tags }, () => ({ share: randomBytes(48), commitments }));
    const visits = shares.map(() => ({ key: randomBytes(32), signature: randomBytes(64) }));
    const put = (): Promise<void> => {
      const held = {
        digest: randomBytes(32),
        gctx: randomBytes(32),
        notAfter: now + HOUR_MS,
        replyKey: randomBytes(32),
        revoked: false,
        erasedAt: 0,
        receipt: new Uint8Array(0),
      };
      const grant = randomBytes(GRANT_BYTES_A_TAG * tags);
      return store.putDeal(toHex(randomBytes(32)), held, { grant, visits, shares });
    };
    for (let kept = 0; kept < grants; kept += PUT_AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(PUT_AT_ONCE, grants - kept) }, put));
  } finally {
    await store.close();
  }
}

async function isErased(federation: ProxyFederation, { gid, keys }: MadeGrant): Promise<boolean> {
  const answer = await federation.send(
    1,
    { method: "GET", path: `/grants/${gid}/evidence` },
    bareKeyId(keys.publicKey),
    keys.secretKey,
  );
  return evidence.decode(new Uint8Array(await answer.arrayBuffer())).receipt !== null;
}

if (import.meta.main) {
  const [grants, tags] = process.argv.slice(2).map(Number);
  const rows = await benchErasure(grants, tags);
  process.stdout.write(`${JSON.stringify({ rows }, undefined, 2)}\n`);
}
