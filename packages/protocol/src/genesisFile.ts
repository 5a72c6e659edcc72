import { fromBase64url, toBase64url } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import type { Genesis, Trust } from "./genesis.ts";
import { parseChainId, parseInstitutionId } from "./ids.ts";
import { blob, bytes, flag, list, literal, object, oneOf, text, uint } from "./shape.ts";

/** JSON with byte strings as {"$b64u": "…"}: the form of genesis files and trust.json. */
export const toJson = (value: unknown): string =>
  `${JSON.stringify(value, (_key, item: unknown) => (item instanceof Uint8Array ? { $b64u: toBase64url(item) } : item), 2)}\n`;

/** @throws {AnamnesisError} MALFORMED */
export function fromJson(json: string): unknown {
  try {
    return JSON.parse(json, (_key, item: unknown) => {
      const encoded = (item as { $b64u?: unknown } | null)?.$b64u;
      return typeof encoded === "string" ? fromBase64url(encoded) : item;
    }) as unknown;
  } catch (cause) {
    const why = "Not JSON in the form that genesis and trust files have";
    throw new AnamnesisError("MALFORMED", why, { cause });
  }
}

/** @throws {AnamnesisError} MALFORMED, UNSUPPORTED_VERSION, BAD_REQUEST (a name that is none). */
export function parseTrust(json: string): Trust {
  const value = fromJson(json) as Partial<Trust> | null;
  if (value?.v !== 1)
    throw new AnamnesisError("UNSUPPORTED_VERSION", "Trust file has an unknown version, want 1");
  if (!Array.isArray(value.chains) || value.chains.length === 0)
    throw new AnamnesisError("MALFORMED", "Trust file names no chains");
  const chains = value.chains.map(checkGenesis);
  if (new Set(chains.map(({ chain }) => chain)).size !== chains.length)
    throw new AnamnesisError("MALFORMED", "Trust file names a chain twice");
  return { v: 1, chains };
}

/** @throws {AnamnesisError} MALFORMED, UNSUPPORTED_VERSION, BAD_REQUEST (a name that is none). */
export const parseGenesis = (json: string): Genesis => checkGenesis(fromJson(json));

const key = bytes(32);
const boxKey = bytes(1216);

const genesisFields = {
  v: literal(1),
  chain: text(64),
  kind: oneOf("care", "consortium"),
  demo: flag,
  time: uint,
  authority: text(64),
  writer: text(64),
  params: object({ pageSlips: uint, pageSeconds: uint, heartbeatSeconds: uint }),
  cas: list(object({ id: text(64), key, der: blob(6_000) }), 16),
  members: list(
    object({
      id: text(64),
      name: text(128),
      level: text(32),
      nodeKey: key,
      boxKey,
      address: text(256),
    }),
    1_024,
  ),
};
const consortium = object({
  k: uint,
  proxies: list(
    object({ index: uint, institution: text(64), key, boxKey, address: text(256) }),
    16,
  ),
  registry: object({ institution: text(64), boxKey, address: text(256) }),
  vaults: list(object({ id: text(64), address: text(256) }), 64),
});

function checkGenesis(value: unknown): Genesis {
  const { v, chain } = (value ?? {}) as { v?: unknown; chain?: unknown };
  if (v !== 1)
    throw new AnamnesisError("UNSUPPORTED_VERSION", "Genesis has an unknown version, want 1");
  const has = (field: string): boolean => Object.hasOwn(value as object, field);
  const shape = object({
    ...genesisFields,
    ...(has("institution") ? { institution: text(64) } : {}),
    ...(has("consortium") ? { consortium } : {}),
  });
  const genesis = shape.parse(value, `Genesis of ${String(chain)}`) as unknown as Genesis;
  const why = faultOf(genesis);
  if (why !== undefined)
    throw new AnamnesisError("MALFORMED", `Genesis of ${genesis.chain}: ${why}`);
  return genesis;
}

/** What a genesis of the right form may still have wrong, in words. */
function faultOf(genesis: Genesis): string | undefined {
  parseChainId(genesis.chain);
  const ids = new Set<string>(genesis.members.map(({ id }) => parseInstitutionId(id)));
  if (genesis.demo !== genesis.chain.startsWith("demo-"))
    return "demo and the prefix 'demo-' go together";
  if (ids.size === 0 || ids.size !== genesis.members.length) return "want members, each once";
  const named = [
    genesis.authority,
    genesis.writer,
    ...(genesis.institution === undefined ? [] : [genesis.institution]),
  ];
  const stranger = named.find((id) => !ids.has(id));
  if (stranger !== undefined) return `${stranger} is not a member`;
  if (new Set(genesis.cas.map(({ id }) => id)).size !== genesis.cas.length)
    return "a CA stands twice";
  if (genesis.params.pageSlips < 1) return "a page holds at least one slip";
  if ((genesis.kind === "consortium") !== (genesis.consortium !== undefined))
    return "a consortium chain names proxies, registry and vaults, another does not";
  return genesis.consortium === undefined ? undefined : faultOfProxies(genesis.consortium);
}

function faultOfProxies({ k, proxies }: NonNullable<Genesis["consortium"]>): string | undefined {
  if (!proxies.every(({ index }, i) => index === i + 1))
    return "proxies are not numbered 1 to n in order";
  if (k < 1 || k > proxies.length) return `k is ${k}, want 1 to ${proxies.length}`;
  return undefined;
}
