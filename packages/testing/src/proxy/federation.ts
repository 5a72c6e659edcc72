/**
 * A federation in one process to try proxies in: real chains, records, grants, signatures; nodes are their answers.
 */
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import type { BoxKeypair } from "@anamnesis/crypto/box";
import { visitSigningKey } from "@anamnesis/crypto/patientKeys";
import type { SealedRecord } from "@anamnesis/crypto/seal";
import { BYTES, fromHex, randomBytes, ready, sha256, toHex } from "@anamnesis/crypto/verify";
import { proveSlip } from "@anamnesis/ledger";
import {
  encodeSlipProof,
  proxyIndices,
  readerCommitment,
  reencryptRequest,
} from "@anamnesis/protocol";
import type {
  Grant,
  InstitutionId,
  ReencryptRequest,
  Role,
  SlipCode,
  SlipFields,
  SlipId,
} from "@anamnesis/protocol";
import { startProxy } from "../../../../apps/proxy/src/proxy.ts";
import type { ProxyConfig } from "../../../../apps/proxy/src/proxy.ts";
import { keyOf } from "../keys.ts";
import { certificateFields } from "../testChain.ts";
import type { MadeSlip, TestChain } from "../testChain.ts";
import { announce, requestFor } from "./asking.ts";
import type { Intent } from "./asking.ts";
import { revocation, signedCall } from "./calls.ts";
import type { BareRequest } from "./calls.ts";
import { makeGrant, sharesFor } from "./grants.ts";
import type { MadeGrant } from "./grants.ts";
import { authority, hospital } from "../federation.ts";
import { makeParties } from "./parties.ts";
import { sealUnder, spoiled } from "./records.ts";
import type { Author, MadeRecord, Visit } from "./records.ts";
import type { Parties } from "./parties.ts";
import { codeOf } from "../requests.ts";

export interface Reader {
  /** Names the signing key. */
  readonly name: string;
  readonly fingerprint: Uint8Array;
  readonly box: BoxKeypair;
}

export class ProxyFederation {
  readonly parties: Parties;
  /** Of the proxies that run, by index. */
  readonly addresses = new Map<number, string>();
  readonly #author: Author;
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(parties: Parties, author: Author) {
    this.parties = parties;
    this.#author = author;
  }

  /** @param indices - Which of the four proxies run; number 1 is general-hospital's. */
  static async start(
    indices: readonly number[] = [1],
    config: Partial<ProxyConfig> = {},
    parts: Parameters<typeof makeParties>[0] = {},
  ): Promise<ProxyFederation> {
    await ready();
    const parties = await makeParties(parts);
    const box = await boxKeypairFromSeed(randomBytes(32));
    const fields = certificateFields("author", { boxKey: box.publicKey });
    const federation = new ProxyFederation(parties, { fingerprint: fields.fingerprint, box });
    const certified = parties.care.slip("identity.certify", fields, keyOf("care"));
    federation.commit(parties.care, certified, hospital);
    for (const index of indices) await federation.run(index, config);
    return federation;
  }

  /** Starts one proxy, or starts it again. @returns how to stop it before the others. */
  async run(index: number, config: Partial<ProxyConfig> = {}): Promise<() => Promise<void>> {
    const { trust, nodes, dataDirectories, consortium } = this.parties;
    const { institution } = consortium.genesis.consortium!.proxies[index - 1]!;
    const proxy = await startProxy({
      dataDirectory: dataDirectories.get(index)!,
      institution,
      index,
      trust,
      nodeAddress: `${nodes.address}/${institution}`,
      logLevel: "silent",
      sweepEveryMs: 1_000_000,
      now: () => nodes.clock.now,
      ...config,
    });
    this.addresses.set(index, proxy.address);
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopped ??= proxy.stop());
    this.#stops.push(stop);
    return stop;
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
    await this.parties.nodes.stop();
    await this.parties.registry.stop();
  }

  get now(): number {
    return this.parties.nodes.clock.now;
  }

  /** Puts one slip into a block of its own at the clock's time. @throws {Error} unless it is accepted. */
  commit(chain: TestChain, made: MadeSlip, carrier?: string): void {
    const code: SlipCode = this.parties.nodes.commit(chain, made, carrier);
    if (code !== "OK") throw new Error(`A slip of the fixture was refused: ${code}`);
  }

  /** @param options.boxKey - What the certificate says, in place of the reader's own. */
  async newReader(
    name: string,
    options: {
      readonly validTo?: number;
      readonly boxKey?: Uint8Array;
      readonly role?: Role;
    } = {},
  ): Promise<Reader> {
    const { consortium } = this.parties;
    const box = await boxKeypairFromSeed(randomBytes(32));
    const fields = certificateFields(name, {
      validFrom: this.now - 1_000,
      boxKey: box.publicKey,
      ...options,
    });
    this.commit(consortium, consortium.slip("identity.certify", fields, keyOf("care")));
    return { name, fingerprint: fields.fingerprint, box };
  }

  revokeReader({ fingerprint }: Reader): void {
    const { consortium } = this.parties;
    this.commit(
      consortium,
      consortium.slip("identity.revoke", { fingerprint, by: "care" }, keyOf("care")),
    );
  }

  /** @param until - Unix milliseconds; 0 lifts it. */
  suspendReader({ fingerprint }: Reader, until: number): void {
    const { consortium } = this.parties;
    const fields = { fingerprint, until, by: "general-hospital", cosigned: [] };
    this.commit(consortium, consortium.slip("identity.suspend", fields, keyOf("general-hospital")));
  }

  openVisit(): Visit {
    const { care, seed } = this.parties;
    const keys = visitSigningKey({ seed, visitSalt: randomBytes(16) });
    const made = care.slip("session.open", { institution: hospital, key: keys.publicKey }, keys);
    this.commit(care, made);
    return { keys, session: made.id };
  }

  /** Seals a record under a fresh tag and submits it. @param options.spoil - Alters the capsules before they are digested. */
  async newRecord(
    options: { readonly spoil?: (capsules: readonly Uint8Array[]) => Uint8Array[] } = {},
  ): Promise<MadeRecord> {
    const visit = this.openVisit();
    const tag = randomBytes(16);
    const sealed = spoiled(await sealUnder(this.parties, this.#author, visit, tag), options.spoil);
    const { care } = this.parties;
    const fields = this.#recordFields(visit, tag, sealed);
    const made = care.slip("record.submit", fields, keyOf("author"));
    this.commit(care, made);
    return { ...sealed, slip: made.id, visit, tag };
  }

  /** A new version of a record. */
  async amend({ visit, tag, slip, digest }: MadeRecord): Promise<MadeRecord> {
    const sealed = await sealUnder(this.parties, this.#author, visit, tag);
    const { care } = this.parties;
    const fields = {
      ...this.#recordFields(visit, tag, sealed),
      record: fromHex(slip),
      before: digest,
    };
    const made = care.slip("record.amend", fields, keyOf("author"));
    this.commit(care, made);
    return { ...sealed, slip: made.id, visit, tag };
  }

  /** The patient confirms a version. @param record - Its record, where it is not the first. @returns the slip. */
  confirm({ visit, slip, digest }: MadeRecord, record: SlipId = slip): SlipId {
    const { care } = this.parties;
    const fields = { key: visit.keys.publicKey, record: fromHex(record), digest };
    const made = care.slip("record.confirm", fields, visit.keys);
    this.commit(care, made);
    return made.id;
  }

  newGrant(
    reader: Reader,
    records: readonly MadeRecord[],
    change: Partial<Grant> = {},
  ): Promise<MadeGrant> {
    return makeGrant(this.parties, reader, records, change);
  }

  /** @param change - Of what the grant itself says. */
  publish(
    { keys, digest, grant }: MadeGrant,
    change: Partial<SlipFields<"grant.publish">> = {},
  ): void {
    const { consortium } = this.parties;
    const fields = {
      key: keys.publicKey,
      digest,
      expiresAt: grant.notAfter,
      reader: readerCommitment(grant),
      revoker: grant.revoker,
      ...change,
    };
    this.commit(consortium, consortium.slip("grant.publish", fields, keys));
  }

  revoke(made: MadeGrant): void {
    this.commit(this.parties.consortium, revocation(this.parties, made));
  }

  /** Shows a proxy a revocation. */
  erase(index: number, gid: string, slip: Uint8Array): Promise<Response> {
    const body = Buffer.from(slip);
    return fetch(`${this.addresses.get(index)}/grants/${gid}/erase`, { method: "POST", body });
  }

  postShares(index: number, body: Uint8Array): Promise<Response> {
    return fetch(`${this.addresses.get(index)}/grants`, {
      method: "POST",
      body: Buffer.from(body),
    });
  }

  /** Grants records to a reader: shares to every running proxy that it lists, then the publication, which `published` alters. */
  async granted(
    reader: Reader,
    records: readonly MadeRecord[],
    change: Partial<Grant> = {},
    published: Partial<SlipFields<"grant.publish">> = {},
  ): Promise<MadeGrant> {
    const made = await this.newGrant(reader, records, change);
    for (const index of proxyIndices(made.grant).filter((each) => this.addresses.has(each))) {
      const code = await codeOf(
        await this.postShares(index, await sharesFor(this.parties, made, index)),
      );
      if (code !== "OK") throw new Error(`The fixture's shares were refused: ${code}`);
    }
    this.publish(made, published);
    return made;
  }

  /** Commits a `usage.intent` under a grant; what is left out is what an honest reader says. */
  intent(...announced: Parameters<typeof announce>): Intent {
    const { made, ...intent } = this.newIntent(...announced);
    this.commit(this.parties.consortium, made);
    return intent;
  }

  /** A `usage.intent`, on no chain yet. */
  newIntent(...announced: Parameters<typeof announce>): Intent & { readonly made: MadeSlip } {
    const { fields, salt } = announce(...announced);
    const [reader] = announced;
    const made = this.parties.consortium.slip("usage.intent", fields, keyOf(reader.name));
    return { id: made.id, salt, made };
  }

  /** What an honest reader asks for records. */
  request(gid: string, intent: Intent, records: readonly MadeRecord[]): ReencryptRequest {
    return requestFor({ gid, intent, records }, (slip) => this.proof(slip));
  }

  /** Proof of a care slip with the heads of the institutions named. */
  proof(slip: SlipId, signers: readonly InstitutionId[] = [hospital, authority]): Uint8Array {
    const { care, nodes } = this.parties;
    const proof = proveSlip(care.state, { chain: care.genesis.chain, height: care.height }, slip)!;
    return encodeSlipProof({
      ...proof,
      heads: signers.map((institution) => nodes.head(care, institution)),
    });
  }

  /** One whole opening as an honest reader makes it: intent, request, answer of one proxy. */
  open(
    index: number,
    reader: Reader,
    made: MadeGrant,
    records: readonly MadeRecord[],
  ): Promise<Response> {
    const intent = this.intent(
      reader,
      made,
      records.map(({ digest }) => digest),
    );
    return this.ask(index, "/reencrypt", this.request(made.gid, intent, records), reader);
  }

  /** Posts a request to one proxy, signed by its reader (or another key). @param path - `/reencrypt` or `/proofs`. */
  ask(
    index: number,
    path: string,
    request: ReencryptRequest,
    reader: Pick<Reader, "name" | "fingerprint">,
  ): Promise<Response> {
    const body = reencryptRequest.encode(request);
    return this.send(
      index,
      { method: "POST", path: `/grants/${toHex(request.gid)}${path}`, body },
      toHex(reader.fingerprint),
      keyOf(reader.name).secretKey,
    );
  }

  /** Sends a request signed by any key. */
  send(
    index: number,
    request: BareRequest,
    keyId: string,
    secretKey: Uint8Array,
  ): Promise<Response> {
    const { path, init } = this.signed(index, request, keyId, secretKey);
    return fetch(`${this.addresses.get(index)}${path}`, init);
  }

  /** The same, not sent yet. */
  signed(index: number, request: BareRequest, keyId: string, secretKey: Uint8Array) {
    const at = { address: this.addresses.get(index)!, now: this.now };
    return signedCall(at, request, keyId, secretKey);
  }

  #recordFields(visit: Visit, tag: Uint8Array, { digest }: SealedRecord) {
    return {
      institution: hospital,
      cert: this.#author.fingerprint,
      pid: sha256(visit.keys.publicKey),
      tag,
      digest,
      sealedId: randomBytes(BYTES.sealedId),
    };
  }
}
