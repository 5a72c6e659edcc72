import { encodeCanonical, toBase64url } from "@anamnesis/crypto/verify";
import {
  decodeHead,
  decodeSlipProof,
  decodeStateProof,
  limits,
  ticketDocument,
} from "@anamnesis/protocol";
import type { Call, HttpPart } from "./request.ts";
import { jsonBody } from "./request.ts";
import { Fields } from "./fields.ts";
import {
  readCertificateView,
  readGrantView,
  readRecordView,
  readRequestView,
  readSessionView,
} from "./views.ts";
import type { Caller, NodeApi } from "../ports.ts";

/** A node that waits for its own commit, and batches, take longer than a query. */
const SUBMIT_TIMEOUT_MS = 60_000;

/** H-2 to H-16 over HTTP. */
export function httpNode(part: HttpPart): NodeApi {
  const at = (chain: string, rest: string): string =>
    `/chains/${encodeURIComponent(chain)}/${rest}`;
  const get = (chain: string, rest: string, query: Record<string, string> = {}): Promise<unknown> =>
    part.json({ method: "GET", path: at(chain, rest), query });
  const getOctets = (chain: string, rest: string): Promise<Uint8Array> =>
    part.octets({ method: "GET", path: at(chain, rest) });
  const post = async (
    chain: string,
    rest: string,
    body: Uint8Array,
    caller?: Caller,
  ): Promise<{ id: string; height: number }> => {
    const call: Call = {
      method: "POST",
      path: at(chain, rest),
      body,
      caller,
      timeoutMs: SUBMIT_TIMEOUT_MS,
    };
    const answer = new Fields("The result of a slip", await part.json(call));
    return { id: answer.hex("id"), height: answer.count("height") };
  };
  return {
    submit: (chain, slip, caller) => post(chain, "slips", slip, caller),
    openSession: (chain, sealed) => post(chain, "sessions", sealed),
    submitBatch: async (chain, slips) => {
      const body = encodeCanonical(slips);
      const answer = new Fields(
        "The result of a batch",
        await part.json({
          method: "POST",
          path: at(chain, "batch"),
          body,
          timeoutMs: SUBMIT_TIMEOUT_MS,
        }),
      );
      return answer.list("results").map((item) => {
        const result = new Fields("The result of a slip", item);
        return {
          id: result.text("id"),
          code: result.text("code"),
          height: result.optional("height", (name) => result.count(name)),
        };
      });
    },
    head: async (chain) => decodeHead(await getOctets(chain, "head")),
    headAt: async (chain, height) => decodeHead(await getOctets(chain, `heads/${height}`)),
    slip: async (chain, id) => {
      const answer = new Fields("A slip", await get(chain, `slips/${id}`));
      return {
        slip: answer.bytes("slip"),
        carrier: answer.text("carrier"),
        height: answer.count("height"),
        time: answer.count("time"),
      };
    },
    slipProof: async (chain, id) => decodeSlipProof(await getOctets(chain, `slips/${id}/proof`)),
    stateProof: async (chain, map, id) =>
      decodeStateProof(await getOctets(chain, `state/${map}/${id}/proof`)),
    records: async (chain, by) =>
      new Fields("The list of records", await get(chain, "records", { ...by }))
        .list("records")
        .map(readRecordView),
    grant: async (chain, gid) => readGrantView(await get(chain, `grants/${gid}`)),
    session: async (chain, pid) => readSessionView(await get(chain, `sessions/${pid}`)),
    request: async (chain, id) => readRequestView(await get(chain, `requests/${id}`)),
    requestsByBody: async (chain, body) =>
      new Fields("The list of requests", await get(chain, "requests", { body }))
        .list("requests")
        .map(readRequestView),
    certificate: async (chain, fingerprint) =>
      readCertificateView(await get(chain, `certificates/${fingerprint}`)),
    certificates: async (chain, by) =>
      new Fields("The list of certificates", await get(chain, "certificates", { ...by }))
        .list("certificates")
        .map(readCertificateView),
    ticket: async ({ chain, action, object }, caller) => {
      const call: Call = {
        method: "POST",
        path: "/tickets",
        ...jsonBody({ chain, action, object: toBase64url(object) }),
        caller,
      };
      return ticketDocument.decode(await part.octets(call));
    },
  };
}

export const MESSAGES_BYTES_MAX = limits.boxBytes + limits.boxMessages * 64;
