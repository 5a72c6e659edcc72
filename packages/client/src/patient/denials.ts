import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  askedPaths,
  consortiumOf,
  evidenceOf,
  fingerprintFrom,
  gidFrom,
  isAskedAs,
  limits,
} from "@anamnesis/protocol";
import type { Slip, UsageView } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { inParallel } from "../inParallel.ts";
import type { GrantGivenItem } from "../items.ts";
import type { LogEntry } from "../model.ts";
import { certificateOf, personOf } from "../people.ts";
import { proveSlip } from "../proofs/prove.ts";
import type { Session } from "../session.ts";
import { grantKey } from "./grants.ts";
import { askProxy } from "../members/ask.ts";

const AT_ONCE = 8;

type Denial = Slip<"usage.denied">;
type DenialView = Extract<UsageView, { kind: "usage.denied" }>;

/**
 * Whom proxies turned away. That is a proxy's word until this device has seen the request that it keeps: the reader signed
 * it, for this proxy and this grant, and its hash is the one on the chain (docs/spec/proxy.md P-36). Once seen it stays so:
 * proxies forget.
 */
export async function denialEntries(
  session: Session,
  item: GrantGivenItem,
  usage: readonly UsageView[],
): Promise<LogEntry[]> {
  const views = usage.filter((used): used is DenialView => used.kind === "usage.denied");
  const proven = await inParallel(views, AT_ONCE, async (view) => ({
    view,
    denial: await provenDenial(session, view.slip),
  }));
  // One request is evidence of one denial.
  const shown = new Set<string>();
  const told = proven.flatMap(({ view, denial }) => {
    if (denial === "refuted") return [];
    const words = denial === "unknown" ? view : said(denial);
    const isFirst = !shown.has(words.evidence);
    shown.add(words.evidence);
    return [{ view, words, denial: denial === "unknown" || !isFirst ? undefined : denial }];
  });
  return inParallel(told, AT_ONCE, async ({ view, words, denial }): Promise<LogEntry> => {
    const { reader, code, proxy } = words;
    const checked = denial !== undefined && (await isChecked(session, item, view.slip, denial));
    const who = await personOf(session, reader);
    return { what: "denied", time: view.time, who, gid: item.gid, code, proxy, checked };
  });
}

const said = ({
  fields,
}: Pick<Denial, "fields">): Pick<DenialView, "reader" | "code" | "proxy" | "evidence"> => ({
  reader: fingerprintFrom(fields.cert),
  code: fields.code,
  proxy: fields.proxy,
  evidence: toHex(fields.evidence),
});

/** The slip as two members prove it: no node alone can put words into a proxy's mouth. */
async function provenDenial(session: Session, id: string): Promise<Denial | "unknown" | "refuted"> {
  try {
    const { slip } = await proveSlip(session, consortiumOf(session.trust).chain, id);
    return slip.kind === "usage.denied" ? slip : "refuted";
  } catch (error) {
    if (!(error instanceof AnamnesisError)) throw error;
    return error.code === "UNAVAILABLE" ? "unknown" : "refuted";
  }
}

async function isChecked(
  session: Session,
  item: GrantGivenItem,
  id: string,
  denial: Denial,
): Promise<boolean> {
  const { items } = session.device;
  if ((await items.get("denial", id)) !== undefined) return true;
  try {
    if (!(await isShown(session, item, denial))) return false;
  } catch (error) {
    if (error instanceof AnamnesisError) return false;
    throw error;
  }
  await items.put("denial", id, { evidence: denial.fields.evidence });
  return true;
}

/** Whether the proxy shows a request that is what its denial says. @throws {AnamnesisError} What keeps it from being seen. */
async function isShown(
  session: Session,
  item: GrantGivenItem,
  { fields, notAfter }: Denial,
): Promise<boolean> {
  const { proxies } = consortiumOf(session.trust).consortium;
  const address = proxies.find(({ index }) => index === fields.proxy)?.address;
  if (address === undefined || toHex(fields.gid) !== item.gid) return false;
  const { proxy, reader, evidence } = said({ fields });
  const [request, { signingKey }] = await Promise.all([
    askProxy(session, proxy, (asked) =>
      asked.denied(item.gid, evidence, bareCaller(grantKey(session, item))),
    ),
    certificateOf(session, reader),
  ]);
  return (
    equalBytes(evidenceOf(request), fields.evidence) &&
    isAskedAs(request, {
      reader,
      signingKey,
      authority: new URL(address).host,
      paths: askedPaths(gidFrom(fields.gid)),
      // The slip's `time` is the proxy's own word; the chain judged `notAfter` (S-10, S-11).
      time: notAfter - limits.clientNotAfterMs,
    })
  );
}
