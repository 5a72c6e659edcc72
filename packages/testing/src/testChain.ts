/** One chain in memory, block by block: for tests and measurements of ledger and node. */
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { fromHex, sha256, toHex } from "@anamnesis/crypto/verify";
import { MemoryState, makeMachine, verifyGroup } from "@anamnesis/ledger";
import type { BlockResult, Machine } from "@anamnesis/ledger";
import { cosign, decodeGroup, limits, makeGroup, makeSlip, pidOf } from "@anamnesis/protocol";
import type {
  ChainId,
  CosignedKind,
  Genesis,
  Group,
  InstitutionId,
  Role,
  SlipCode,
  SlipFields,
  SlipId,
  SlipKind,
} from "@anamnesis/protocol";
import { boxKeyOf, bytesOf, keyOf, sealedIdOf, signer } from "./keys.ts";
import { genesisTime, hospital } from "./federation.ts";
import { commitmentTo, madeUpDer, registrarName, registrarOf, vouchedBy } from "./registrars.ts";

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

export interface CertificateOptions {
  readonly institution?: string;
  readonly role?: Role;
  readonly issuer?: string;
  readonly validFrom?: number;
  readonly validTo?: number;
  readonly boxKey?: Uint8Array;
  /** The institution whose registrar vouches, or for a registrar its node. */
  readonly registrar?: string;
  /** That node's key, where it is another than the label names. */
  readonly node?: Pick<SigningKeypair, "secretKey"> | undefined;
}

/** A staff member's certificate, as fields of `identity.certify`. The name is the label of their key. */
export function certificateFields(
  name: string,
  options: CertificateOptions = {},
): SlipFields<"identity.certify"> {
  const {
    institution = hospital,
    role = "doctor",
    issuer = "care",
    validFrom = genesisTime - 1000,
    validTo = genesisTime + 366 * 24 * 3_600_000,
    boxKey = boxKeyOf(name),
    registrar = institution,
    node = keyOf(registrar),
  } = options;
  const der = madeUpDer(name, validTo);
  const fields = {
    issuer,
    fingerprint: sha256(der),
    name,
    role,
    institution,
    signingKey: keyOf(name).publicKey,
    boxKey,
    validFrom,
    validTo,
    der,
    commitment: commitmentTo(name),
  };
  return role === "registrar"
    ? vouchedBy(fields, null, node)
    : vouchedBy(fields, registrarOf(registrar), keyOf(registrarName(registrar)));
}

/** Puts a certificate on the chain. @returns Its fingerprint. */
export function certify(
  chain: TestChain,
  name: string,
  options: CertificateOptions = {},
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
      sealedId: sealedIdOf(`sealed ${label}`),
    },
    keyOf(doctor),
  );

export const hex: (bytes: Uint8Array) => string = toHex;
