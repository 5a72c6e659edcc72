import { toHex } from "@anamnesis/crypto/verify";
import type { Part } from "@anamnesis/http";
import { mailboxRoutes, proxyRoutes, registryRoutes, vaultRoutes } from "@anamnesis/protocol";
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

/** H-20, H-21 */
export const httpVault = (part: Part): VaultApi => ({
  put: async (object, ticket, content) => {
    const params = { id: toHex(object) };
    await part.call(vaultRoutes.putObject, { params, body: { content }, caller: ticket });
  },
  get: async (object, ticket) => {
    const params = { id: toHex(object) };
    const { content } = await part.call(vaultRoutes.getObject, { params, caller: ticket });
    return content;
  },
});

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
  revoke: async (fingerprint, caller) => {
    await part.call(registryRoutes.revoke, { body: { fingerprint }, caller });
  },
});
