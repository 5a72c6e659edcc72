import { toHex } from "@anamnesis/crypto/verify";
import { Alive } from "@anamnesis/http";
import type { Part } from "@anamnesis/http";
import {
  AnamnesisError,
  mailboxRoutes,
  proxyRoutes,
  registryRoutes,
  vaultRoutes,
} from "@anamnesis/protocol";
import type { MailboxApi, ProxyApi, RegistryApi, VaultApi } from "../ports.ts";

/** H-17 */
export function httpMailbox(part: Part): MailboxApi {
  const at = (box: Uint8Array): { box: string } => ({ box: toHex(box) });
  return {
    open: async (box, postKey, caller) => {
      await part.call(mailboxRoutes.openBox, { params: at(box), body: { postKey }, caller });
    },
    post: async (box, post, visit) => {
      const body = { v: 1 as const, ...post };
      await part.call(mailboxRoutes.putMessage, { params: at(box), body, caller: visit });
    },
    read: (box, { waitMs, after, signal }, caller) =>
      part.call(mailboxRoutes.readMessages, {
        params: at(box),
        query: { wait: waitMs, ...(after === undefined ? {} : { after }) },
        caller,
        signal,
      }),
    remove: async (box, message, caller) => {
      await part.call(mailboxRoutes.removeMessage, { params: { ...at(box), message }, caller });
    },
  };
}

/** Who did not answer is asked after the others for this long. */
const SILENT_MS = 60_000;

/** H-20, H-21, H-61 */
export function httpVault(part: Part): VaultApi {
  let silentUntil = 0;
  async function withVault<T>(transfer: (alive: Alive) => Promise<T>): Promise<T> {
    try {
      const done = await transfer(new Alive(part));
      silentUntil = 0;
      return done;
    } catch (error) {
      if (error instanceof AnamnesisError && error.code === "UNAVAILABLE")
        silentUntil = Date.now() + SILENT_MS;
      throw error;
    }
  }
  return {
    isSilent: () => Date.now() < silentUntil,
    put: (object, ticket, content) =>
      withVault(async (alive) => {
        const params = { id: toHex(object) };
        const call = { params, body: { content }, caller: ticket, signal: alive.signal };
        return (await alive.until(part.call(vaultRoutes.putObject, call))).sha256;
      }),
    get: (object, ticket) =>
      withVault(async (alive) => {
        const call = { params: { id: toHex(object) }, caller: ticket, signal: alive.signal };
        const { content } = await alive.until(part.call(vaultRoutes.getObject, call));
        return alive.stream(content);
      }),
    keep: (object, ticket) =>
      withVault(async (alive) => {
        const call = { params: { id: toHex(object) }, caller: ticket, signal: alive.signal };
        await alive.until(part.call(vaultRoutes.keepObject, call));
      }),
  };
}

/** A proxy judges every share before it answers, in turns with those of other packages. */
const JUDGED_MS = 10;

/** H-30 to H-33, H-37, H-38 */
export const httpProxy = (part: Part): ProxyApi => ({
  keepShares: async (body) => {
    const timeoutMs = proxyRoutes.postGrant.timeoutMs + JUDGED_MS * body.commitments.length;
    await part.call(proxyRoutes.postGrant, { body, timeoutMs });
  },
  reencrypt: (body, caller) =>
    part.call(proxyRoutes.reencrypt, { params: { gid: toHex(body.gid) }, body, caller }),
  prove: (body, caller) =>
    part.call(proxyRoutes.prove, { params: { gid: toHex(body.gid) }, body, caller }),
  evidence: (gid, caller) => part.call(proxyRoutes.getEvidence, { params: { gid }, caller }),
  denied: (gid, evidence, caller) =>
    part.call(proxyRoutes.getDenied, { params: { gid, evidence }, caller }),
  erase: (gid, body) => part.call(proxyRoutes.eraseGrant, { params: { gid }, body }),
});

/** H-41 to H-44 */
export const httpRegistry = (part: Part): RegistryApi => ({
  enrol: (body) => part.call(registryRoutes.enrol, { body }),
  leaveContact: async (body, caller) => {
    await part.call(registryRoutes.putContact, { body, caller });
  },
  lookup: (body, caller) => part.call(registryRoutes.lookUp, { body, caller }),
  trace: (body, caller) => part.call(registryRoutes.trace, { body, caller }),
  suspend: async (fingerprint, until, caller) => {
    await part.call(registryRoutes.suspend, { body: { fingerprint, until }, caller });
  },
  revoke: async (fingerprint, caller) => {
    await part.call(registryRoutes.revoke, { body: { fingerprint }, caller });
  },
});
