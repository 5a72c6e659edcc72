import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { equalBytes, fromHex } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import type { Protection } from "@anamnesis/client";
import { places, registrarOf, spawnKeys } from "@anamnesis/client/folder";
import type { MemberChange } from "@anamnesis/client/folder";
import {
  AnamnesisError,
  consortiumOf,
  limits,
  nodeRoutes,
  parseFingerprint,
  parseInstitutionId,
  parseTrust,
  serving,
  slipCodeText,
} from "@anamnesis/protocol";
import type {
  CosignedKind,
  Cosignature,
  Genesis,
  SlipFields,
  SlipHeader,
  Trust,
} from "@anamnesis/protocol";
import { spawnChild } from "./childProcess.ts";
import type { Child } from "./childProcess.ts";
import { dataDirectoryOf, registryDirectory, registryKeyFile } from "./dataDirectories.ts";
import type { PublicNodeKeys } from "./firstRun.ts";
import { certifyRegistrar, registrarNameOf, requireProtection } from "./registrars.ts";

/** Kinds that join a running federation: those without a chain, a vote and a node of their own. */
const joining = ["third-party", "research-institute"] as const;
const CERTIFIED_MS = 30_000;

/** A running federation, and its operators: each acts in a process of its own, beside the server whose data directory it has. */
interface Operators {
  readonly dir: string;
  readonly trust: Trust;
  readonly consortium: Genesis;
  child(name: string): Child;
}

/**
 * Lets an institution into the federation that runs in a folder, suspends one, resumes it, or gives it another node key
 * (docs/spec/slips.md S-20, S-22, S-29).
 *
 * @param say - What the work is doing now, for people.
 * @throws {AnamnesisError} BAD_REQUEST, PASSPHRASE_REQUIRED; INSTITUTION_EXISTS, INSTITUTION_UNKNOWN and other slip codes;
 * UNAVAILABLE.
 */
export async function changeMember(
  dir: string,
  change: MemberChange,
  say: (text: string) => void,
): Promise<void> {
  const trust = parseTrust(await readFile(places(dir).trust, "utf8"));
  const spawned = new Map<string, Child>();
  const operators: Operators = {
    dir,
    trust,
    consortium: consortiumOf(trust),
    child: (name) => {
      const child = spawned.get(name) ?? spawnChild(name, places(dir).logs);
      spawned.set(name, child);
      return child;
    },
  };
  try {
    switch (change.what) {
      case "add":
        return await add(operators, change, say);
      case "rotate-key":
        return await rotateKey(operators, change, say);
      case "suspend-staff":
        return await suspendStaff(operators, change);
      case "suspend":
      case "resume":
        return await suspend(operators, change.id, change.what === "suspend");
    }
  } finally {
    await Promise.all([...spawned.values()].map((child) => child.stop()));
  }
}

async function add(
  operators: Operators,
  { id, name, level, passphrase }: Extract<MemberChange, { what: "add" }>,
  say: (text: string) => void,
): Promise<void> {
  const { dir, consortium } = operators;
  if (!(joining as readonly string[]).includes(level))
    throw new AnamnesisError(
      "BAD_REQUEST",
      `An institution of kind '${level}' runs a node, which a running federation cannot be given; want one of ${joining.join(", ")}`,
    );
  parseInstitutionId(id);
  const protection = requireProtection(protectionOf(consortium, passphrase));
  say("Making the institution's keys");
  const keys = await nodeKeysOf(operators, id);
  const found = (await membersOf(consortium)).find((member) => member.id === id);
  const isOurs = found !== undefined && equalBytes(found.nodeKey, keys.nodeKey);
  if (found !== undefined && (!isOurs || (await isThere(places(dir).device(registrarOf(id))))))
    throw new AnamnesisError("INSTITUTION_EXISTS", slipCodeText.INSTITUTION_EXISTS);

  if (found === undefined) {
    say("Auditing and enrolling it");
    const { address } = serving(consortium, id);
    const institution = { id, name, level, address, ...keys };
    const audited = (await operators
      .child("registry")
      .call("registry", "auditInstitution", registryPlace(operators), institution)) as Uint8Array;
    const fields = { ...institution, power: 0, audited, cosigned: [] };
    const by = consortium.authority;
    await post(operators, { kind: "institution.enrol", fields, genesis: consortium, by });
  }
  say("Certifying its registrar");
  await certify(operators, { id, name }, protection);
}

/** Keys that an attempt before this one made are kept: the registry may have audited them. */
async function nodeKeysOf({ dir, child }: Operators, id: string): Promise<PublicNodeKeys> {
  const directory = dataDirectoryOf(dir, id, "node");
  if (await isThere(directory))
    return (await child(id).call("node", "publicKeysOf", directory)) as PublicNodeKeys;
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  return (await child(id).call("node", "initDataDirectory", directory)) as PublicNodeKeys;
}

async function certify(
  operators: Operators,
  institution: { readonly id: string; readonly name: string },
  protection: Protection,
): Promise<void> {
  const { dir } = operators;
  const folder = places(dir).device(registrarOf(institution.id));
  const person = {
    name: registrarNameOf(institution),
    role: "registrar",
    institution: institution.id,
  } as const;
  const keys = spawnKeys();
  try {
    const request = await keys.make({ ...person, folder, protection });
    const credential = await certifyRegistrar(dir, institution, request, operators);
    const fingerprint = await keys.keep(folder, places(dir).trust, { credential });
    await untilCertified(operators.consortium, fingerprint);
  } catch (error) {
    await keys.drop(folder);
    throw error;
  } finally {
    keys.end();
  }
}

/** The running registry tells the chains of what its operator certified. */
async function untilCertified(genesis: Genesis, fingerprint: string): Promise<void> {
  const params = { chain: genesis.chain, fingerprint: parseFingerprint(fingerprint) };
  for (const until = Date.now() + CERTIFIED_MS; ; await sleep(200)) {
    try {
      await authorityNode(genesis).call(nodeRoutes.getCertificate, { params });
      return;
    } catch (error) {
      const isMissing = error instanceof AnamnesisError && error.code === "NOT_FOUND";
      if (!isMissing || Date.now() > until) throw error;
    }
  }
}

/**
 * It stands on the consortium alone: what an institution does on its own chain goes on, for the patients whom it treats.
 */
async function suspend(operators: Operators, id: string, suspended: boolean): Promise<void> {
  const fields = { id, suspended, cosigned: [] };
  const genesis = operators.consortium;
  await post(operators, {
    kind: "institution.suspend",
    fields,
    genesis,
    by: genesis.authority,
    but: id,
  });
}

/**
 * Who runs no node stands on the consortium alone, and signs there under the key of its data directory. A node's key stands in
 * genesis documents of vaults, registry and chains besides.
 */
async function rotateKey(
  operators: Operators,
  { id, lost }: Extract<MemberChange, { what: "rotate-key" }>,
  say: (text: string) => void,
): Promise<void> {
  const { dir, consortium, child } = operators;
  if (consortium.members.some((member) => member.id === id))
    throw new AnamnesisError(
      "BAD_REQUEST",
      `${id} runs a node, whose key genesis names; want an institution that joined later: a third party or a research institute`,
    );
  const found = (await membersOf(consortium)).find((member) => member.id === id);
  if (found === undefined)
    throw new AnamnesisError("INSTITUTION_UNKNOWN", slipCodeText.INSTITUTION_UNKNOWN);
  const directory = dataDirectoryOf(dir, id, "node");
  const ask = (name: string, ...rest: readonly unknown[]): Promise<unknown> =>
    child(id).call("node", name, directory, ...rest);
  say("Making its next key");
  const nodeKey = (await ask("makeNextKey")) as Uint8Array;
  if (!equalBytes(found.nodeKey, nodeKey)) {
    say("Telling the consortium");
    const by = parseInstitutionId(lost ? consortium.authority : id);
    const rotated = { id: parseInstitutionId(id), nodeKey };
    await post(operators, {
      kind: "institution.rotateKey",
      fields: async (header) => ({
        ...rotated,
        possession: (await ask("proveNextKey", header, rotated)) as Uint8Array,
        by,
        cosigned: [],
      }),
      genesis: consortium,
      by,
      ...(lost ? {} : { but: "everybody" }),
    });
  }
  await ask("takeNextKey");
}

/** On the consortium, and on the institution's own chain where it keeps one: what staff signs stands on either. */
async function suspendStaff(
  operators: Operators,
  { fingerprint, institution, until, by }: Extract<MemberChange, { what: "suspend-staff" }>,
): Promise<void> {
  const { consortium, trust } = operators;
  const own = trust.chains.filter((genesis) => genesis.institution === institution);
  for (const genesis of [consortium, ...own]) {
    const signer = by === "institution" ? institution : genesis.authority;
    const fields = { fingerprint: fromHex(fingerprint), until, by: signer, cosigned: [] };
    const draft = { kind: "identity.suspend", fields, genesis, by: signer } as const;
    await post(operators, by === "institution" ? { ...draft, but: "everybody" } : draft);
  }
}

/** A slip about members or their staff, still without signatures. */
interface Change<K extends CosignedKind> {
  readonly kind: K;
  /** Some sign the slip's header. */
  readonly fields: SlipFields<K> | ((header: SlipHeader) => Promise<SlipFields<K>>);
  readonly genesis: Genesis;
  /** Whose node signs it. */
  readonly by: string;
  /** Which of the authorities, who vote, does not sign besides. */
  readonly but?: string;
}

/** Puts a slip on a chain: signed by the other authorities, where it wants voters, then by whose it is. */
async function post<K extends CosignedKind>(
  { dir, child }: Operators,
  { kind, fields: wanted, genesis, by, but }: Change<K>,
): Promise<void> {
  const { chain, members } = genesis;
  const time = Date.now();
  const header = { chain, time, notAfter: time + limits.clientNotAfterMs };
  const fields = typeof wanted === "function" ? await wanted(header) : wanted;
  const draft = { kind, header, fields };
  const sign = (id: string, name: string, ...rest: readonly unknown[]): Promise<unknown> =>
    child(id).call("node", name, dataDirectoryOf(dir, id, "node"), ...rest);
  const cosigners = members.filter(
    ({ id, level }) => level.endsWith("-authority") && id !== by && id !== but,
  );
  const cosigned = (await Promise.all(
    but === "everybody" ? [] : cosigners.map(({ id }) => sign(id, "cosignMembership", id, draft)),
  )) as Cosignature[];
  const whole = { ...draft, fields: { ...fields, cosigned } };
  const body = (await sign(by, "signMembership", whole)) as Uint8Array;
  await authorityNode(genesis).call(nodeRoutes.postSlip, { params: { chain }, body });
}

const membersOf = async (genesis: Genesis) => {
  const params = { chain: genesis.chain };
  return (await authorityNode(genesis).call(nodeRoutes.getInstitutions, { params })).institutions;
};

const authorityNode = (genesis: Genesis): Part =>
  new Part(`node of ${genesis.authority}`, serving(genesis, genesis.authority).address);

const registryPlace = ({ dir, trust }: Operators) => ({
  dataDirectory: registryDirectory(dir),
  keyFile: registryKeyFile(dir),
  trust,
});

const protectionOf = ({ demo }: Genesis, passphrase: string | undefined): Protection | undefined =>
  demo ? { demo: true } : passphrase === undefined ? undefined : { passphrase };

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
