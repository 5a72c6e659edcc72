import { encodeCanonical, toBase64url, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits, ticketDocument } from "@anamnesis/protocol";
import type { Ticket } from "@anamnesis/protocol";
import type { MailboxApi, ProxyApi, RegistryApi, VaultApi } from "../ports.ts";
import { MESSAGES_BYTES_MAX } from "./node.ts";
import { jsonBody } from "./request.ts";
import type { HttpPart } from "./request.ts";

const octets = "application/octet-stream";
const LONG_POLL_SLACK_MS = 15_000;

/** H-17 */
export function httpMailbox(part: HttpPart): MailboxApi {
  const at = (box: Uint8Array, rest = ""): string => `/boxes/${toHex(box)}${rest}`;
  return {
    open: async (box, boxKey, caller) => {
      await part.json({
        method: "PUT",
        path: at(box),
        ...jsonBody({ boxKey: toBase64url(boxKey) }),
        caller,
      });
    },
    post: async (box, sealed) => {
      await part.json({
        method: "POST",
        path: at(box, "/messages"),
        body: sealed,
        contentType: octets,
      });
    },
    read: async (box, { waitMs, after, signal }, caller) => {
      const query = { wait: String(waitMs), ...(after === undefined ? {} : { after }) };
      const call = {
        method: "GET",
        path: at(box, "/messages"),
        query,
        caller,
        signal,
        timeoutMs: waitMs + LONG_POLL_SLACK_MS,
      } as const;
      const list = await part.cbor(call, MESSAGES_BYTES_MAX);
      if (!Array.isArray(list))
        throw new AnamnesisError("MALFORMED", "The messages of a box are not a list");
      return (list as readonly unknown[]).map((item) => {
        const [id, sealed] = Array.isArray(item) ? (item as readonly unknown[]) : [];
        if (typeof id !== "string" || !(sealed instanceof Uint8Array))
          throw new AnamnesisError("MALFORMED", "A message of a box is not an id and bytes");
        return { id, sealed };
      });
    },
    remove: async (box, message, caller) => {
      await part.send({ method: "DELETE", path: at(box, `/messages/${message}`), caller });
    },
  };
}

/** Uploads up to this size go as one body; browsers, which cannot stream uploads, send larger ones as a Blob. */
const WHOLE_BYTES_MAX = 4 * 1024 * 1024;
const TRANSFER_TIMEOUT_MS = 30 * 60_000;
const isBrowser = "window" in globalThis || "WorkerGlobalScope" in globalThis;

/** H-20, H-21 */
export function httpVault(part: HttpPart): VaultApi {
  const request = (method: "GET" | "PUT", object: Uint8Array, ticket: Ticket) => ({
    method,
    path: `/objects/${toHex(object)}`,
    headers: { "x-anamnesis-ticket": toBase64url(ticketDocument.encode(ticket)) },
    contentType: octets,
    timeoutMs: TRANSFER_TIMEOUT_MS,
  });
  return {
    put: async (object, ticket, content) => {
      const iterator = content[Symbol.asyncIterator]();
      const first: Uint8Array<ArrayBuffer>[] = [];
      let bytes = 0;
      let done = false;
      while (!done && (bytes <= WHOLE_BYTES_MAX || isBrowser)) {
        const next = await iterator.next();
        done = next.done === true;
        if (next.done === true) continue;
        first.push(Uint8Array.from(next.value));
        bytes += next.value.length;
      }
      const body = done ? new Blob(first) : streamOf(first, iterator);
      await part.check(await part.fetch(request("PUT", object, ticket), body));
    },
    get: async (object, ticket) => {
      const response = await part.send(request("GET", object, ticket));
      if (response.body === null) throw part.unavailable("its answer has no body");
      return piecesOf(part, response.body);
    },
  };
}

function streamOf(
  first: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const buffered = first.shift();
      if (buffered !== undefined) return controller.enqueue(buffered);
      const next = await rest.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await rest.return?.();
    },
  });
}

async function* piecesOf(
  part: HttpPart,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const next = await reader.read().catch((cause: unknown) => {
        throw part.unavailable("a transfer broke off", cause);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** H-30 to H-33 */
export function httpProxy(part: HttpPart): ProxyApi {
  return {
    keepShares: async (sharePackage) => {
      await part.json({ method: "POST", path: "/grants", body: sharePackage });
    },
    reencrypt: (request, caller) =>
      part.octets(
        { method: "POST", path: "/reencrypt", body: request, caller },
        limits.messageBytes,
      ),
    prove: (request, caller) =>
      part.octets({ method: "POST", path: "/proofs", body: request, caller }, limits.messageBytes),
    evidence: (gid, caller) =>
      part.octets({ method: "GET", path: `/grants/${gid}/evidence`, caller }, limits.messageBytes),
    erase: (gid, caller) =>
      part.octets(
        {
          method: "POST",
          path: `/grants/${gid}/erase`,
          body: encodeCanonical([]),
          caller,
        },
        limits.messageBytes,
      ),
  };
}

/** H-41 to H-44 */
export function httpRegistry(part: HttpPart): RegistryApi {
  return {
    enrol: (sealed) =>
      part.octets({
        method: "POST",
        path: "/enrolments",
        body: sealed,
        contentType: octets,
        timeoutMs: 60_000,
      }),
    leaveContact: async (sealed, caller) => {
      await part.json({
        method: "PUT",
        path: "/contacts",
        body: sealed,
        contentType: octets,
        caller,
      });
    },
    lookup: (sealed, caller) =>
      part.octets({ method: "POST", path: "/lookups", body: sealed, contentType: octets, caller }),
    revoke: async (fingerprint, caller) => {
      await part.json({
        method: "POST",
        path: "/revocations",
        ...jsonBody({ fingerprint }),
        caller,
      });
    },
  };
}
