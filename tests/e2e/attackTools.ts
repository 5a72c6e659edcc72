import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Network, Session } from "@anamnesis/client";
import { encodeHeader, fromHex, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  careChainOf,
  consortiumOf,
  encodeSlipProof,
  intentCommitment,
} from "@anamnesis/protocol";
import type { ReencryptRequest, SlipFields } from "@anamnesis/protocol";
import { certifiedCaller } from "../../packages/client/src/caller.ts";
import { heldGrants } from "../../packages/client/src/doctor/grants.ts";
import { Opening } from "../../packages/client/src/doctor/opening.ts";
import { locate, prepare, usableGrant } from "../../packages/client/src/doctor/prepareOpening.ts";
import type { Prepared } from "../../packages/client/src/doctor/prepareOpening.ts";
import { writtenRecord } from "../../packages/client/src/doctor/authoredRecords.ts";
import { openToken } from "../../packages/client/src/doctor/tokens.ts";

import { proveVersion } from "../../packages/client/src/recordVersion.ts";
import { findObject, readHead } from "../../packages/client/src/storedObject.ts";
import { postSlip, signedSlip } from "../../packages/client/src/submit.ts";

/** The code with which something is refused. @throws {Error} when it is not refused */
export async function refusalOf(doing: Promise<unknown>): Promise<string> {
  try {
    await doing;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === "string") return code;
    throw error;
  }
  throw new Error("It was not refused");
}

/** The same person over a changed network. */
export const over = (session: Session, changed: Partial<Network>): Session => {
  const { network } = session;
  return {
    ...session,
    network: {
      node: changed.node ?? ((institution) => network.node(institution)),
      mailbox: changed.mailbox ?? ((institution) => network.mailbox(institution)),
      vault: changed.vault ?? ((id) => network.vault(id)),
      proxy: changed.proxy ?? ((index) => network.proxy(index)),
      registry: changed.registry ?? (() => network.registry()),
    },
  };
};

export const proxyIndices = ({ trust }: Session): number[] =>
  consortiumOf(trust).consortium.proxies.map(({ index }) => index);

export const unavailable = (): Promise<never> =>
  Promise.reject(new AnamnesisError("UNAVAILABLE", "This proxy is away"));

/** A record as an honest reader shows it to proxies. */
export async function shown(reader: Session, id: string): Promise<Prepared> {
  const opening = new Opening(reader);
  const located = await locate(opening, await heldGrants(reader), id, {
    purpose: undefined,
    action: "read",
  });
  const grant = await usableGrant(opening, located.held);
  return prepare(opening, located, { grant, purpose: "TREAT" });
}

export const itemOf = (prepared: Prepared): ReencryptRequest["items"][number] => ({
  record: encodeSlipProof(prepared.proof),
  session: encodeSlipProof(prepared.sessionProof),
  header: encodeHeader(prepared.stored.header),
  capsules: Buffer.concat(prepared.stored.capsules),
  bodyHash: prepared.bodyHash,
  original: null,
  confirmation: null,
});

export interface AskedOpening {
  readonly gid: string;
  readonly intent: string;
  readonly salt: Uint8Array;
  readonly digests: readonly Uint8Array[];
  readonly items: readonly ReencryptRequest["items"][number][];
  readonly purpose?: ReencryptRequest["purpose"];
  readonly action?: ReencryptRequest["action"];
}

/** Posts an intent to read these digests for treatment. @param of - Whose grant it shows. @returns its slip id. */
export async function intend(
  reader: Session,
  gid: string,
  digests: readonly Uint8Array[],
  salt: Uint8Array,
  of: Session = reader,
): Promise<string> {
  const held = (await heldGrants(of)).find((grant) => grant.gid === gid);
  if (held === undefined) throw new Error("The reader holds no such grant");
  const { chain } = consortiumOf(reader.trust);
  const [{ fingerprint }, { signing }] = await Promise.all([
    reader.device.certificate(),
    reader.device.keys(),
  ]);
  const fields = {
    gid: fromHex(gid),
    cert: fromHex(fingerprint),
    reader: held.grant.reader,
    salt: held.grant.salt,
    action: "read",
    proxies: proxyIndices(reader),
    commitment: intentCommitment({ salt, action: "read", purpose: "TREAT", digests }),
  };
  const slip = signedSlip(reader, {
    chain,
    kind: "usage.intent",
    fields,
    secretKey: signing.secretKey,
  });
  return postSlip(reader, slip);
}

/** What each proxy answers to a request that the reader's own client would not make: a code, or `SERVED`. */
export async function askEveryProxy(reader: Session, opening: AskedOpening): Promise<string[]> {
  const request = requestOf(opening);
  const caller = await certifiedCaller(reader.device);
  return Promise.all(
    proxyIndices(reader).map((index) =>
      reader.network
        .proxy(index)
        .reencrypt(request, caller)
        .then(
          () => "SERVED",
          (error: unknown) => String((error as { code?: unknown }).code),
        ),
    ),
  );
}

export const requestOf = ({
  gid,
  intent,
  purpose,
  action,
  ...rest
}: AskedOpening): ReencryptRequest => ({
  v: 1,
  suite: "MRS-V1",
  gid: fromHex(gid),
  intent: fromHex(intent),
  salt: rest.salt,
  digests: [...rest.digests],
  action: action ?? "read",
  purpose: purpose ?? "TREAT",
  items: [...rest.items],
});

/** Files below a folder whose name is a stored object's. */
export const objectFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

/** Writes other bytes in an object's place with a checksum that fits: a vault that lies, not one that decays. */
export async function replaceObject(file: string, bytes: Uint8Array): Promise<void> {
  const read = JSON.parse(await readFile(`${file}.sum`, "utf8")) as Record<string, unknown>;
  const { check: _, ...sum } = read;
  const facts = { ...sum, bytes: bytes.length, sha256: hashOf(bytes) };
  const check = hashOf(JSON.stringify(facts));
  await writeFile(file, bytes);
  await writeFile(`${file}.sum`, `${JSON.stringify({ ...facts, check })}\n`);
}

const hashOf = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

export const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

/** What proxies are shown of a record, from the hands of its author. The body's hash is whatever they say it is. */
export async function shownByAuthor(
  author: Session,
  id: string,
): Promise<Pick<ReencryptRequest["items"][number], "header" | "capsules" | "bodyHash">> {
  const { item, view } = await writtenRecord(author, id);
  const token = await author.device.items.get("token", item.pid);
  if (token === undefined) throw new Error("The author holds no token");
  const entry = openToken(token).token.entries.find(({ tag }) => toHex(tag) === item.tag);
  if (entry === undefined) throw new Error("The token is not for that category");
  const { slip } = await proveVersion(author, item.chain, view, view.versions.at(-1)!);
  const object = await findObject(author, {
    chain: item.chain,
    sealedId: slip.fields.sealedId,
    addressKey: entry.addressKey,
  });
  const { header, capsules } = await object.read((source) => readHead(source, entry.addressKey));
  return {
    header: encodeHeader(header),
    capsules: Buffer.concat(capsules),
    bodyHash: author.random(32),
  };
}

/** Posts a record's slip as a doctor of its institution may sign it, with whatever fields. */
export async function submitAs<K extends "record.submit" | "record.amend">(
  writer: Session,
  kind: K,
  fields: Omit<SlipFields<K>, "cert" | "institution">,
): Promise<string> {
  const { institution } = writer.device;
  const { chain } = careChainOf(writer.trust, institution);
  const [{ fingerprint }, { signing }] = await Promise.all([
    writer.device.certificate(),
    writer.device.keys(),
  ]);
  const slip = signedSlip(writer, {
    chain,
    kind,
    fields: { ...fields, institution, cert: fromHex(fingerprint) } as unknown as SlipFields<K>,
    secretKey: signing.secretKey,
  });
  return postSlip(writer, slip);
}
