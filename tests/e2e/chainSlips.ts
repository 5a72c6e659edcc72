import { decodeCanonical, sha256, toHex } from "@anamnesis/crypto/verify";
import { signedHeaders } from "@anamnesis/testing/requests";
import { readKeys } from "../../apps/node/src/dataDirectory.ts";
import { dataDirectoryOf } from "../../apps/host/src/dataDirectories.ts";
import { decodeCertified, decodeGroup } from "@anamnesis/protocol";
import type { Genesis, Slip, Trust } from "@anamnesis/protocol";
import type { Unit } from "./linkability.ts";

/** Every slip of a federation's chains, as a member's node gets them: from the blocks. */
export async function allSlips(dir: string, trust: Trust): Promise<Slip[]> {
  return (await Promise.all(trust.chains.map((genesis) => slipsOf(dir, genesis)))).flat();
}

async function slipsOf(dir: string, genesis: Genesis): Promise<Slip[]> {
  const { signing } = await readKeys(dataDirectoryOf(dir, genesis.writer, "node"));
  const writer = genesis.members.find(({ id }) => id === genesis.writer)!;
  const slips: Slip[] = [];
  for (let after = 0; ;) {
    const url = `${writer.address}/chains/${genesis.chain}/blocks?after=${after}&limit=500`;
    const response = await fetch(url, { headers: signedHeaders(url, signing) });
    const blocks = decodeCanonical(new Uint8Array(await response.arrayBuffer()), {
      maxBytes: 256 * 1024 * 1024,
    }) as Uint8Array[];
    if (blocks.length === 0) return slips;
    for (const { entry } of blocks.map(decodeCertified)) {
      after = entry.height;
      for (const group of entry.groups) slips.push(...decodeGroup(group).slips);
    }
  }
}

/** What the patients' devices know, and an observer does not: whose visit, grant or request it is. */
export interface GroundTruth {
  /** pid → patient */
  readonly visits: ReadonlyMap<string, string>;
  /** gid → patient */
  readonly grants: ReadonlyMap<string, string>;
  /** request slip id → patient */
  readonly requests: ReadonlyMap<string, string>;
}

/** Sorts slips into units: one a visit, one a grant with its use, one a request with its refusal. */
export function unitsOf(slips: readonly Slip[], truth: GroundTruth): Unit[] {
  const records = new Map<string, string>();
  const intents = new Map<string, string>();
  for (const slip of slips) {
    if (slip.kind === "record.submit" || slip.kind === "record.own")
      records.set(slip.id, toHex(slip.fields.pid));
    if (slip.kind === "usage.intent") intents.set(slip.id, toHex(slip.fields.gid));
  }
  const units = new Map<string, { patient: string; slips: Slip[] }>();
  for (const slip of slips) {
    const name = unitName(slip, records, intents);
    if (name === undefined) continue;
    const [kind, id] = name;
    const patient = (
      kind === "visit" ? truth.visits : kind === "grant" ? truth.grants : truth.requests
    ).get(id);
    if (patient === undefined)
      throw new Error(`A ${slip.kind} belongs to no ${kind} of the patients of this test`);
    const unit = units.get(`${kind} ${id}`) ?? { patient, slips: [] };
    units.set(`${kind} ${id}`, unit);
    unit.slips.push(slip);
  }
  return [...units.values()];
}

function unitName(
  slip: Slip,
  records: ReadonlyMap<string, string>,
  intents: ReadonlyMap<string, string>,
): ["visit" | "grant" | "request", string] | undefined {
  switch (slip.kind) {
    case "session.open":
      return ["visit", toHex(sha256(slip.fields.key))];
    case "session.claim":
    case "record.submit":
    case "record.amend":
    case "record.own":
    case "usage.author":
      return ["visit", toHex(slip.fields.pid)];
    case "record.confirm":
    case "record.dispute":
    case "record.amendForeign":
    case "record.rewrap":
      return ["visit", records.get(toHex(slip.fields.record)) ?? ""];
    case "grant.publish":
      return ["grant", toHex(sha256(slip.fields.key))];
    case "grant.revoke":
    case "usage.intent":
    case "usage.denied":
      return ["grant", toHex(slip.fields.gid)];
    case "usage.done":
      return ["grant", intents.get(toHex(slip.fields.intent)) ?? ""];
    case "access.request":
      return ["request", slip.id];
    case "access.refuse":
      return ["request", toHex(slip.fields.request)];
    default:
      return undefined;
  }
}
