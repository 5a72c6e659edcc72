import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  askedPaths,
  consortiumOf,
  evidenceOf,
  fingerprintFrom,
  gidFrom,
  grantDocument,
  isAskedAs,
  limits,
} from "@anamnesis/protocol";
import type { Slip, UsageView } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { inParallel } from "../inParallel.ts";
import type { GrantGivenItem } from "../items.ts";
import type { LogEntry } from "../model.ts";
import type { Caller } from "../ports.ts";
import { certificateOf, personOf } from "../people.ts";
import { grantKey } from "./grants.ts";
import { reasons } from "./logElements.ts";
import type { Look } from "./look.ts";
import type { TellsOfUse } from "./openings.ts";

const AT_ONCE = 8;

type Denial = Slip<"usage.denied">;
type DenialView = Extract<UsageView, { kind: "usage.denied" }>;

/**
 * Whom proxies turned away. That is a proxy's word until this device has seen the request that it keeps: the reader signed
 * it, for this proxy and this grant, and its hash is the one on the chain (docs/spec/proxy.md P-36). Once seen it stays so:
 * proxies forget.
 */
export async function denialEntries(
  look: Look,
  { item, usage, covered }: TellsOfUse,
): Promise<LogEntry[]> {
  const views = usage.filter((used): used is DenialView => used.kind === "usage.denied");
  const proven = await inParallel(views, AT_ONCE, async (view) => ({
    view,
    denial: await provenDenial(look, item, view.slip),
  }));
  // One request is evidence of one denial.
  const first = new Set<string>();
  const told = proven.flatMap(({ view, denial }) => {
    if (denial === "refuted") return [];
    const words = denial === "unknown" ? view : said(denial);
    const isFirst = !first.has(words.evidence);
    first.add(words.evidence);
    return [{ view, words, denial: denial === "unknown" || !isFirst ? undefined : denial }];
  });
  const shown: Shown = { item, caller: bareCaller(grantKey(look.session, item)) };
  const why = reasons(grantDocument.decode(item.grant).purposes);
  return inParallel(told, AT_ONCE, async ({ view, words, denial }): Promise<LogEntry> => {
    const { reader, code, proxy } = words;
    const checked = denial !== undefined && (await isChecked(look, shown, view.slip, denial));
    const who = await personOf(look.session, reader);
    const { time } = view;
    return { what: "denied", time, who, ...covered, ...why, gid: item.gid, code, proxy, checked };
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

async function provenDenial(
  look: Look,
  { gid }: GrantGivenItem,
  id: string,
): Promise<Denial | "unknown" | "refuted"> {
  const slip = await look.slip(gid, consortiumOf(look.session.trust).chain, id);
  return typeof slip === "string" || slip.kind === "usage.denied" ? slip : "refuted";
}

/** To whom a proxy shows what it turned away. */
interface Shown {
  readonly item: GrantGivenItem;
  readonly caller: Caller;
}

async function isChecked(look: Look, to: Shown, id: string, denial: Denial): Promise<boolean> {
  const { items } = look.session.device;
  if ((await items.get("denial", id)) !== undefined) return true;
  try {
    if (!(await isShown(look, to, denial))) return false;
  } catch (error) {
    if (error instanceof AnamnesisError) return false;
    throw error;
  }
  await items.put("denial", id, { evidence: denial.fields.evidence });
  return true;
}

/** Whether the proxy shows a request that is what its denial says. @throws {AnamnesisError} What keeps it from being seen. */
async function isShown(
  look: Look,
  { item, caller }: Shown,
  { fields, notAfter }: Denial,
): Promise<boolean> {
  const { session } = look;
  const { proxies } = consortiumOf(session.trust).consortium;
  const address = proxies.find(({ index }) => index === fields.proxy)?.address;
  if (address === undefined || toHex(fields.gid) !== item.gid) return false;
  const { proxy, reader, evidence } = said({ fields });
  const [request, { signingKey }] = await Promise.all([
    look.askProxy(proxy, (asked) => asked.denied(item.gid, evidence, caller)),
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
