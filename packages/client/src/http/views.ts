import { BYTES } from "@anamnesis/crypto/verify";
import type {
  CertificateView,
  GrantView,
  RecordView,
  RequestView,
  SessionView,
  UsageView,
  VersionView,
} from "../ports.ts";
import { Fields } from "./fields.ts";

/** H-11 */
export function readRecordView(value: unknown): RecordView {
  const fields = new Fields("A record", value);
  return {
    record: fields.hex("record"),
    institution: fields.text("institution"),
    pid: fields.hex("pid"),
    tag: fields.hex("tag", 32),
    versions: fields.list("versions").map(readVersion),
    confirmed: fields.digests("confirmed"),
    disputed: fields.digests("disputed"),
  };
}

function readVersion(value: unknown): VersionView {
  const fields = new Fields("A version of a record", value);
  return {
    slip: fields.hex("slip"),
    digest: fields.digest("digest"),
    sealedId: fields.bytes("sealedId", 60),
    author: fields.hex("author"),
    time: fields.count("time"),
  };
}

/** H-12 */
export function readGrantView(value: unknown): GrantView {
  const fields = new Fields("A grant", value);
  return {
    digest: fields.digest("digest"),
    expiresAt: fields.count("expiresAt"),
    revokedAt: fields.count("revokedAt"),
    usage: fields.list("usage").map(readUsage),
  };
}

function readUsage(value: unknown): UsageView {
  const fields = new Fields("The use of a grant", value);
  return {
    kind: fields.text("kind"),
    slip: fields.hex("slip"),
    time: fields.count("time"),
    reader: fields.optional("reader", (name) => fields.hex(name)),
    intent: fields.optional("intent", (name) => fields.hex(name)),
    proxy: fields.optional("proxy", (name) => fields.count(name)),
    code: fields.optional("code", (name) => fields.text(name)),
  };
}

/** H-12 */
export function readSessionView(value: unknown): SessionView {
  const fields = new Fields("A visit", value);
  const authors = fields.list("authors").map((item) => {
    const author = new Fields("A rereading", item);
    return {
      slip: author.hex("slip"),
      record: author.hex("record"),
      digest: author.digest("digest"),
      author: author.hex("author"),
      time: author.count("time"),
    };
  });
  return {
    institution: fields.text("institution"),
    slip: fields.hex("slip"),
    time: fields.count("time"),
    authors,
  };
}

/** H-13 */
export function readRequestView(value: unknown): RequestView {
  const fields = new Fields("An access request", value);
  return {
    request: fields.hex("request"),
    reader: fields.hex("reader"),
    refusal: fields.digest("refusal"),
    time: fields.count("time"),
    refused: fields.optional("refused", (name) => fields.count(name)),
  };
}

/** H-14 */
export function readCertificateView(value: unknown): CertificateView {
  const fields = new Fields("A certificate", value);
  const revokedAt = fields.optional("revokedAt", (name) => fields.count(name));
  return {
    fingerprint: fields.hex("fingerprint"),
    issuer: fields.text("issuer"),
    name: fields.text("name"),
    role: fields.text("role"),
    institution: fields.text("institution"),
    signingKey: fields.bytes("signingKey", 32),
    boxKey: fields.bytes("boxKey", BYTES.boxPublicKey),
    validFrom: fields.count("validFrom"),
    validTo: fields.count("validTo"),
    der: fields.bytes("der"),
    revokedAt: revokedAt === 0 ? undefined : revokedAt,
  };
}
