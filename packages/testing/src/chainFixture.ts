/** A federation of made-up keys and one chain of it in memory: for tests and measurements of ledger and node. */
import { signingKeypair, sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { concat, fromHex, i2osp, sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import { MemoryState, makeMachine, verifyGroup } from "@anamnesis/ledger";
import type { BlockResult, Machine } from "@anamnesis/ledger";
import {
  careChainOfGenesis,
  cosign,
  decodeGroup,
  limits,
  makeGroup,
  makeSlip,
  pidOf,
} from "@anamnesis/protocol";
import type {
  ChainId,
  ChainKind,
  CosignedKind,
  Genesis,
  Group,
  InstitutionId,
  Member,
  SlipCode,
  SlipFields,
  SlipId,
  SlipKind,
} from "@anamnesis/protocol";

/** The key that a label names, the same in every run. */
export const keyOf = (label: string): SigningKeypair =>
  signingKeypair(sha256(utf8(`key of ${label}`)));
/** 32 bytes (or fewer) that a label names. */
export const bytesOf = (label: string, length = 32): Uint8Array =>
  sha256(utf8(label)).slice(0, length);
export const signer =
  (key: SigningKeypair) =>
  (type: string, message: Uint8Array): Uint8Array =>
    sign({ type, message, secretKey: key.secretKey });

export const boxKeyOf = (label: string): Uint8Array =>
  concat(...Array.from({ length: 38 }, (_, i) => bytesOf(`${label} box ${i}`)));
export const institutions = [
  "general-hospital",
  "city-hospital",
  "online-clinic",
  "national-authority",
  "provincial-authority",
  "municipal-authority",
] as InstitutionId[];
const authority = "national-authority" as InstitutionId;
const hospital = "general-hospital" as InstitutionId;

/** 2026-01-01T00:00:00Z */
export const genesisTime = 1_767_225_600_000;
export const proxyCount = 4;

export function makeGenesis(
  kind: ChainKind,
  params: Partial<Genesis["params"]> = {},
  chain: string = kind === "care" ? hospital : "consortium",
): Genesis {
  const members = kind === "care" ? [hospital, ...institutions.slice(3)] : institutions;
  const common = {
    v: 1,
    chain: chain as ChainId,
    kind,
    demo: false,
    time: genesisTime,
    authority,
    policy: kind === "care" ? "pbft" : "credit-dpos",
    params: { pageSlips: 128, pageSeconds: 2, heartbeatSeconds: 10, ...params },
    cas: ["root", "care", "third-parties"].map((id) => ({
      id,
      key: keyOf(id).publicKey,
      der: bytesOf(`${id} certificate`),
    })),
    members: members.map((id): Member => ({
      id,
      name: `The ${id}`,
      level: "tertiary",
      power: 1,
      nodeKey: keyOf(id).publicKey,
      consensusKey: keyOf(`${id} consensus`).publicKey,
      boxKey: boxKeyOf(id),
      address: `http://${id}.example`,
    })),
  } as const;
  if (kind === "care") return { ...common, institution: hospital, writer: hospital };
  return {
    ...common,
    writer: authority,
    consortium: {
      k: 3,
      proxies: Array.from({ length: proxyCount }, (_, i) => ({
        index: i + 1,
        institution: institutions[i]!,
        key: keyOf(`proxy ${i + 1}`).publicKey,
        boxKey: boxKeyOf(`proxy ${i + 1}`),
        address: `http://proxy-${i + 1}.example`,
      })),
      registry: {
        institution: authority,
        boxKey: boxKeyOf("registry"),
        address: "http://identities.example",
      },
      vaults: [{ id: "vault", address: "http://vault.example" }],
      careChains: [careChainOfGenesis(makeGenesis("care", params))],
    },
  };
}

/** A consortium that knows these care chains. */
export const knowing = (consortium: Genesis, ...care: readonly Genesis[]): Genesis => ({
  ...consortium,
  consortium: { ...consortium.consortium!, careChains: care.map(careChainOfGenesis) },
});

export interface MadeSlip {
  readonly id: SlipId;
  readonly bytes: Uint8Array;
}

/** One chain: makes blocks by hand, every signature checked. */
export class TestChain {
  readonly genesis: Genesis;
  readonly machine: Machine;
  readonly state: MemoryState;
  height = 0;
  time = genesisTime;
  appHash: Uint8Array;

  constructor(genesis: Genesis) {
    this.genesis = genesis;
    this.machine = makeMachine(genesis);
    const { writes, appHash } = this.machine.initChain();
    this.state = new MemoryState(writes as Map<string, Uint8Array>);
    this.appHash = appHash;
  }

  /** A chain that goes on from here by itself. */
  fork(): TestChain {
    const copy = new TestChain(this.genesis);
    copy.state.commit(new Map(this.state.range("")));
    return Object.assign(copy, { height: this.height, time: this.time, appHash: this.appHash });
  }

  slip<K extends SlipKind>(
    kind: K,
    fields: SlipFields<K>,
    key: SigningKeypair,
    header: { chain?: string; time?: number; notAfter?: number } = {},
  ): MadeSlip {
    const {
      chain = this.genesis.chain,
      time = this.time,
      notAfter = this.time + limits.clientNotAfterMs,
    } = header;
    return makeSlip(kind, { chain: chain as ChainId, time, notAfter }, fields, signer(key));
  }

  /** A slip of the authority that these voters sign too. */
  cosignedSlip<K extends CosignedKind>(
    kind: K,
    fields: Omit<SlipFields<K>, "cosigned">,
    voters: readonly string[],
    key: SigningKeypair = keyOf(this.genesis.authority),
  ): MadeSlip {
    const { time } = this;
    const header = {
      chain: this.genesis.chain,
      time,
      notAfter: time + limits.clientNotAfterMs,
    };
    const whole = { ...fields, cosigned: [] } as unknown as SlipFields<K>;
    const cosigned = voters.map((voter) =>
      cosign(kind, header, whole, voter as InstitutionId, signer(keyOf(voter))),
    );
    return makeSlip(kind, header, { ...whole, cosigned }, signer(key));
  }

  group(
    slips: readonly MadeSlip[],
    carrier: string = this.genesis.writer,
    key: SigningKeypair = keyOf(carrier),
  ): Group {
    return decodeGroup(
      makeGroup(
        this.genesis.chain,
        carrier as InstitutionId,
        slips.map(({ bytes }) => bytes),
        signer(key),
      ),
    );
  }

  /** Makes the next block, `afterMs` later, of groups whose signatures verify; commits it. */
  block(groups: readonly Group[], afterMs = 10): BlockResult {
    for (const group of groups) verifyGroup(this.machine, this.state, group);
    return this.unverifiedBlock(groups, afterMs);
  }

  unverifiedBlock(groups: readonly Group[], afterMs = 10): BlockResult {
    this.height += 1;
    this.time += afterMs;
    const result = this.machine.finalizeBlock(this.state, {
      height: this.height,
      time: this.time,
      proposer: this.genesis.writer,
      absent: [],
      misbehaviour: [],
      groups,
    });
    this.state.commit(result.writes);
    this.appHash = result.appHash;
    return result;
  }

  /** One slip in a block of its own; its code. */
  submit(slip: MadeSlip, carrier?: string, afterMs?: number): SlipCode {
    const [codes] = this.block([this.group([slip], carrier)], afterMs).results;
    return codes?.[0]?.code ?? "GROUP_MALFORMED";
  }
}

/** A staff member's certificate, as fields of `identity.certify`. The name is the label of their key. */
export const certificateFields = (
  name: string,
  {
    institution = hospital as string,
    role = "doctor",
    issuer = "care",
    validFrom = genesisTime - 1000,
    validTo = genesisTime + 366 * 24 * 3_600_000,
  } = {},
): SlipFields<"identity.certify"> => {
  const der = concat(utf8(name), i2osp(validTo, 8));
  return {
    issuer,
    fingerprint: sha256(der),
    name,
    role,
    institution,
    signingKey: keyOf(name).publicKey,
    boxKey: boxKeyOf(name),
    validFrom,
    validTo,
    der,
  };
};

/** Puts a certificate on the chain. @returns Its fingerprint. */
export function certify(
  chain: TestChain,
  name: string,
  options: Parameters<typeof certificateFields>[1] = {},
): Uint8Array {
  const fields = certificateFields(name, options);
  const slip = chain.slip("identity.certify", fields, keyOf(fields.issuer));
  const code = chain.submit(slip, chain.genesis.kind === "care" ? fields.institution : undefined);
  if (code !== "OK") throw new Error(`Certificate of ${name} was refused: ${code}`);
  return fields.fingerprint;
}

/** Opens a visit. @returns Its pid. */
export function openVisit(chain: TestChain, visit: string): Uint8Array {
  const key = keyOf(visit);
  const code = chain.submit(
    chain.slip("session.open", { institution: hospital, key: key.publicKey }, key),
  );
  if (code !== "OK") throw new Error(`Visit ${visit} was refused: ${code}`);
  return fromHex(pidOf(key.publicKey));
}

/** A `record.submit` by a doctor for a visit; everything else follows from `label`. */
export const recordSlip = (
  chain: TestChain,
  {
    visit,
    doctor,
    fingerprint,
    label,
  }: { visit: string; doctor: string; fingerprint: Uint8Array; label: string },
): MadeSlip =>
  chain.slip(
    "record.submit",
    {
      institution: hospital,
      cert: fingerprint,
      pid: fromHex(pidOf(keyOf(visit).publicKey)),
      tag: bytesOf(`tag ${label}`, 16),
      digest: bytesOf(`digest ${label}`),
      sealedId: concat(bytesOf(`sealed ${label}`), bytesOf(`sealed too ${label}`, 28)),
    },
    keyOf(doctor),
  );

export const hex: (bytes: Uint8Array) => string = toHex;
