/** A federation of real nodes on this machine: for tests and measurements of apps/node. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { BYTES, encodeCanonical, fromHex } from "@anamnesis/crypto/verify";
import { limits, makeGroup, makeSlip, pidOf } from "@anamnesis/protocol";
import type {
  CaKey,
  ChainId,
  Genesis,
  InstitutionId,
  SlipFields,
  SlipKind,
} from "@anamnesis/protocol";
import { readKeys } from "../../../apps/node/src/dataDirectory.ts";
import type { NodeKeys } from "../../../apps/node/src/dataDirectory.ts";
import { initDataDirectory, startNode } from "../../../apps/node/src/index.ts";
import type { NodeConfig, PublicNodeKeys, RunningNode } from "../../../apps/node/src/index.ts";
import { authority, hospital, makeTrust, province } from "./federation.ts";
import { boxOf, bytesOf, keyOf, signer } from "./keys.ts";
import { certificateFields } from "./testChain.ts";
import type { CertificateOptions, MadeSlip } from "./testChain.ts";
import type { Reply } from "./requests.ts";
import { call, signedHeaders } from "./requests.ts";
import { freePorts } from "../../../apps/host/src/ports.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

export interface FederationOptions {
  readonly params?: Partial<Genesis["params"]>;
  /** Whose nodes can be started; default hospital, national and provincial authority. */
  readonly members?: readonly string[];
  readonly registry?: string;
  readonly cas?: readonly CaKey[];
}

/** Homes and genesis documents; nodes are started by name. */
export class NodeFederation {
  readonly dir: string;
  readonly care: Genesis;
  readonly consortium: Genesis;
  /** What the nodes sign and open with, by institution. */
  readonly keys: ReadonlyMap<string, NodeKeys>;
  readonly #running = new Map<string, RunningNode>();

  constructor(input: Pick<NodeFederation, "dir" | "care" | "consortium" | "keys">) {
    this.dir = input.dir;
    this.care = input.care;
    this.consortium = input.consortium;
    this.keys = input.keys;
  }

  static async make(options: FederationOptions = {}): Promise<NodeFederation> {
    const { params, members = [hospital, authority, province], registry, cas } = options;
    const dir = await temporaryFolder("nodes-");
    const made = new Map<string, PublicNodeKeys & { readonly address: string }>();
    const keys = new Map<string, NodeKeys>();
    const ports = await freePorts(members.length);
    for (const [i, id] of members.entries()) {
      const publicKeys = await initDataDirectory(join(dir, id));
      made.set(id, { ...publicKeys, address: `http://127.0.0.1:${ports[i]}` });
      keys.set(id, await readKeys(join(dir, id)));
    }
    const trust = makeTrust({
      params,
      cas,
      member: (id) => made.get(id),
      node: (id) => keys.get(id)?.signing,
      registry: {
        traceKey: (await boxOf("traces")).publicKey,
        ...(registry === undefined ? {} : { address: registry }),
      },
    });
    const [consortium, care] = trust.chains;
    return new NodeFederation({ dir, care, consortium, keys });
  }

  config(institution: string, options: Partial<NodeConfig> = {}): NodeConfig {
    return {
      dataDirectory: join(this.dir, institution),
      institution,
      genesis: this.genesisOf(institution),
      port: Number(new URL(this.address(institution)).port),
      logLevel: "silent",
      scrubEveryMs: 0,
      ...options,
    };
  }

  /** The chains that an institution is a member of. */
  genesisOf(institution: string): Genesis[] {
    return [this.care, this.consortium].filter(({ members }) =>
      members.some(({ id }) => id === institution),
    );
  }

  address(institution: string): string {
    return this.consortium.members.find(({ id }) => id === institution)!.address;
  }

  async start(institution: string, options: Partial<NodeConfig> = {}): Promise<RunningNode> {
    const node = await startNode(this.config(institution, options));
    this.#running.set(institution, node);
    return node;
  }

  async stop(institution: string): Promise<void> {
    await this.#running.get(institution)?.stop();
    this.#running.delete(institution);
  }

  /** Stops every node and removes everything. */
  async remove(): Promise<void> {
    for (const institution of this.#running.keys()) await this.stop(institution);
    await rm(this.dir, { recursive: true, force: true });
  }

  /** A slip made now for one of the chains. */
  slip<K extends SlipKind>(
    chain: Genesis,
    kind: K,
    fields: SlipFields<K>,
    key: SigningKeypair,
    { time = Date.now(), aheadMs = limits.clientNotAfterMs } = {},
  ): MadeSlip {
    return makeSlip(
      kind,
      { chain: chain.chain as ChainId, time, notAfter: time + aheadMs },
      fields,
      signer(key),
    );
  }

  /** A staff certificate on a chain. @returns Its fingerprint. */
  async certify(
    chain: Genesis,
    name: string,
    options: CertificateOptions = {},
  ): Promise<Uint8Array> {
    const fields = certificateFields(name, {
      validFrom: Date.now() - 60_000,
      validTo: Date.now() + 3_600_000,
      node: this.keys.get(options.institution ?? hospital)?.signing,
      ...options,
    });
    const carrier = chain.kind === "care" ? hospital : authority;
    const slip = this.slip(chain, "identity.certify", fields, keyOf(fields.issuer));
    await this.accepted(carrier, chain, slip);
    return fields.fingerprint;
  }

  /** Opens a visit at the hospital, on its own node's word. @returns Its pid. */
  async openVisit(visit: string): Promise<Uint8Array> {
    const [pid] = await this.openVisits([visit]);
    return pid!;
  }

  async openVisits(visits: readonly string[]): Promise<Uint8Array[]> {
    const keys = visits.map(keyOf);
    for (let at = 0; at < keys.length; at += limits.groupSlips) {
      const slips = keys.slice(at, at + limits.groupSlips).map((key) => {
        const fields = { institution: hospital, key: key.publicKey };
        return this.slip(this.care, "session.open", fields, key).bytes;
      });
      const { json } = await this.postGroup(this.care, this.group(this.care, hospital, slips));
      const results = (json["results"] ?? []) as { code: string }[];
      if (results.length === 0 || results.some(({ code }) => code !== "OK"))
        throw new Error(`Visits were not opened: ${JSON.stringify(json)}`);
    }
    return keys.map(({ publicKey }) => fromHex(pidOf(publicKey)));
  }

  /** A group as an institution's node carries it; `key` signs in its stead. */
  group(
    chain: Genesis,
    carrier: string,
    slips: readonly Uint8Array[],
    key = this.keys.get(carrier)!.signing,
  ): Uint8Array {
    return makeGroup(chain.chain, carrier as InstitutionId, slips, signer(key));
  }

  /** Offers a group to the chain's writer. */
  postGroup(chain: Genesis, group: Uint8Array, to: string = chain.writer): Promise<Reply> {
    return call(`${this.address(to)}/chains/${chain.chain}/groups`, { body: group });
  }

  /** A record of a visit; everything not given follows from `label`. */
  record(input: {
    readonly pid: Uint8Array;
    readonly doctor: string;
    readonly cert: Uint8Array;
    readonly label: string;
    readonly aheadMs?: number;
  }): MadeSlip {
    const { pid, doctor, cert, label, aheadMs } = input;
    return this.slip(
      this.care,
      "record.submit",
      {
        institution: hospital,
        cert,
        pid,
        tag: bytesOf(`tag ${label}`, 16),
        digest: bytesOf(`digest ${label}`),
        sealedId: new Uint8Array(BYTES.sealedId).fill(7),
      },
      keyOf(doctor),
      aheadMs === undefined ? {} : { aheadMs },
    );
  }

  /** Posts a slip to an institution's node. */
  async post(
    institution: string,
    chain: Genesis,
    slip: Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    return call(this.url(institution, chain, "slips"), { body: slip, headers });
  }

  /** Below a chain at an institution's node. */
  url(institution: string, chain: Genesis, path: string): string {
    return `${this.address(institution)}/chains/${chain.chain}/${path}`;
  }

  get(institution: string, chain: Genesis, path: string): Promise<Reply> {
    return call(this.url(institution, chain, path));
  }

  /** The same, signed: default by the institution's own node key. */
  getSigned(
    institution: string,
    chain: Genesis,
    path: string,
    key: SigningKeypair = this.keys.get(institution)!.signing,
    keyId?: string,
  ): Promise<Reply> {
    const url = this.url(institution, chain, path);
    const options = keyId === undefined ? {} : { keyId };
    return call(url, { headers: signedHeaders(url, key, options) });
  }

  async accepted(institution: string, chain: Genesis, slip: MadeSlip): Promise<void> {
    const { status, json } = await this.post(institution, chain, slip.bytes);
    if (status !== 200) throw new Error(`Slip refused: ${JSON.stringify(json)}`);
  }

  async batch(
    institution: string,
    chain: Genesis,
    slips: readonly Uint8Array[],
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const body = encodeCanonical([...slips]);
    return call(this.url(institution, chain, "batch"), { body, headers });
  }
}
