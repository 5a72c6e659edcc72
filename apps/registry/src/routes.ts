import { openWith } from "@anamnesis/crypto/box";
import { toBase64url } from "@anamnesis/crypto/verify";
import { hpkeInfo, AnamnesisError, parseFingerprint } from "@anamnesis/protocol";
import { jsonObject, readBody } from "@anamnesis/server";
import type { Answer, Caller, CallerCheck, Incoming, Route } from "@anamnesis/server";
import { leaveContact, lookup } from "./contacts.ts";
import type { RegistryDeps } from "./deps.ts";
import { enrol } from "./enrolments.ts";
import { isLive } from "./people.ts";
import type { CertificateEntry } from "./people.ts";
import { revocationList } from "./revocationLists.ts";
import { revoke } from "./revocations.ts";

const BODY_BYTES_MAX = 64 * 1024;

export function routes(deps: RegistryDeps, callers: CallerCheck): readonly Route[] {
  const signed = async (request: Incoming, body: Uint8Array): Promise<Caller> =>
    callers.callerOf(request, body, async (fingerprint) => knownKey(deps, fingerprint));
  const certified = async (request: Incoming, body: Uint8Array): Promise<CertificateEntry> =>
    liveEntry(deps, await signed(request, body));

  return [
    {
      method: "GET",
      url: "/ca",
      spec: "H-40",
      summary: "The root and both intermediates, PEM",
      handle: async () => ({ body: authoritiesPem(deps) }),
    },
    {
      method: "GET",
      url: "/crl",
      spec: "H-40",
      summary: "The revocation list of each intermediate",
      handle: () => lists(deps),
    },
    {
      method: "POST",
      url: "/enrolments",
      spec: "H-41",
      summary: "Certify a person whom a registrar attests",
      handle: async (request) => {
        const sealed = await readBody(request, BODY_BYTES_MAX);
        const opened = await openWith({
          secretKey: deps.box.secretKey,
          info: hpkeInfo.enrol,
          aad: new Uint8Array(0),
          sealed,
        });
        return octets(await enrol(deps, opened));
      },
    },
    {
      method: "PUT",
      url: "/contacts",
      spec: "H-42",
      summary: "Leave where doctors may write to",
      handle: async (request) => {
        const body = await readBody(request, BODY_BYTES_MAX);
        await leaveContact(deps, await certified(request, body), body);
        return { body: { stored: true } };
      },
    },
    {
      method: "POST",
      url: "/lookups",
      spec: "H-43",
      summary: "Get the contact card of a patient by the attested identifier",
      handle: async (request) => {
        const body = await readBody(request, BODY_BYTES_MAX);
        return octets(await lookup(deps, await certified(request, body), body));
      },
    },
    {
      method: "POST",
      url: "/revocations",
      spec: "H-44",
      summary: "Take a certificate back",
      handle: async (request) => {
        const body = await readBody(request, BODY_BYTES_MAX);
        const caller = await signed(request, body);
        const { fingerprint } = jsonObject(body);
        return {
          body: { revokedAt: await revoke(deps, caller, parseFingerprint(String(fingerprint))) },
        };
      },
    },
  ];
}

/** Anybody who signs with a certificate that we do not know gets the answer of a wrong signature. */
function knownKey(deps: RegistryDeps, fingerprint: string): Uint8Array {
  const entry = deps.people.certificate(fingerprint);
  if (entry === undefined)
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Request signature refused: its certificate is not one of ours",
    );
  return entry.signingKey;
}

/** @throws {AnamnesisError} FORBIDDEN, CERTIFICATE_NOT_LIVE */
function liveEntry(deps: RegistryDeps, caller: Caller): CertificateEntry {
  const entry =
    caller.kind === "certificate" ? deps.people.certificate(caller.fingerprint) : undefined;
  if (entry === undefined)
    throw new AnamnesisError("FORBIDDEN", "Request refused: want the signature of a certificate");
  if (!isLive(entry, deps.now()))
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Request refused: the certificate is expired or revoked",
    );
  return entry;
}

const authoritiesPem = ({ authorities }: RegistryDeps): object => ({
  root: authorities.root.certificate.toString("pem"),
  care: authorities.care.certificate.toString("pem"),
  thirdParties: authorities["third-parties"].certificate.toString("pem"),
});

async function lists({ store, authorities, now }: RegistryDeps): Promise<Answer> {
  const list = async (id: "care" | "third-parties"): Promise<string> =>
    toBase64url(await revocationList(store, authorities[id], now()));
  return { body: { care: await list("care"), thirdParties: await list("third-parties") } };
}

/** Sealed bytes are no CBOR. */
const octets = (bytes: Uint8Array): Answer => ({
  headers: { "content-length": String(bytes.length) },
  body: (async function* () {
    yield bytes;
  })(),
});
