/** The portal's bundle with a scripted worker: every state of every page, without a federation. */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { categories, parse, prepareImport } from "@anamnesis/fhir";
import { summarise } from "@anamnesis/fhir/summary";
import { combine, tellHistory } from "@anamnesis/fhir/history";
import { syntheticLife, syntheticPatient } from "@anamnesis/fhir/synthetic";
import { purposes } from "@anamnesis/protocol";

const dist = join(import.meta.dirname, "../../apps/web/dist");
/** Nothing listens there: every request is answered by the script. */
export const scriptedOrigin = "http://localhost:9";

const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'";
const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** What the worker answers to each call: an output (bytes in base64 as `content`, or alone as `blob`), `{failure, away}` with a code and who was away, or `"never"`. */
export type Answers = Readonly<Record<string, unknown>>;

/** Serves the bundle, the people, and a worker that answers as told. */
export async function serveScripted(context: BrowserContext, answers: Answers): Promise<void> {
  await context.route(`${scriptedOrigin}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/demo/people") return route.fulfill({ json: { people } });
    if (/^\/assets\/worker-.*\.js$/.test(pathname))
      return route.fulfill({ contentType: "text/javascript", body: workerScript(answers) });
    const name = extname(pathname) === "" ? "index.html" : pathname.slice(1);
    return route.fulfill({
      contentType: mediaTypes[extname(name)] ?? "application/octet-stream",
      headers: { "content-security-policy": policy },
      body: await readFile(join(dist, name)),
    });
  });
}

/**
 * The answer to a call may be changed while the page stands, by what is posted to the channel `script` of this origin:
 * `{ answers }` replaces some, `{ event }` is told as the worker's own.
 */
function workerScript(answers: Answers): string {
  return `const answers = ${JSON.stringify(answers)};
    const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const blobs = (value) =>
      value && value.content ? { ...value, content: new Blob([bytes(value.content)]) }
      : value && value.blob ? new Blob([bytes(value.blob)]) : value;
    new BroadcastChannel("script").addEventListener("message", ({ data }) => {
      Object.assign(answers, data.answers);
      if (data.event) postMessage({ event: data.event });
    });
    const asked = new BroadcastChannel("asked");
    addEventListener("message", ({ data: { id, method, input } }) => {
      asked.postMessage({ method, input });
      const answer = method === "enter" ? answers.enter[input.name] : answers[method];
      if (answer === "never") return;
      if (answer?.failure) postMessage({ id, failure: { code: answer.failure, away: answer.away } });
      else postMessage({ id, output: blobs(answer) });
      if (method === "enter" && answers.sync !== "never") postMessage({ event: { what: "listening" } });
    });`;
}

const people = [
  {
    name: "dr-li",
    role: "doctor",
    institution: "general-hospital",
    besides: [{ role: "doctor", institution: "online-clinic" }],
  },
  { name: "dr-sun", role: "doctor", institution: "online-clinic", besides: [] },
  { name: "zhang-wei", role: "patient", institution: "general-hospital", besides: [] },
  { name: "anna-keller", role: "patient", institution: "city-hospital", besides: [] },
];

const hex = (letter: string): string => letter.repeat(64);
const now = Date.UTC(2026, 10, 21, 9, 30);
const dayMs = 24 * 3_600_000;
const person = (name: string, institution: string) => ({
  fingerprint: hex(name.at(-1) === "n" ? "e" : "f"),
  name,
  role: "doctor",
  institution,
});
const li = person("dr-li", "general-hospital");
const sun = person("dr-sun", "online-clinic");

const enter = Object.fromEntries(
  people.map((entered) => [
    entered.name,
    {
      ...entered,
      institutions: {},
      guards: { 1: "provincial-authority", 2: "municipal-authority" },
      rules: { categories, purposes, grantLifetimeMs: 366 * dayMs },
    },
  ]),
);

const summaries = syntheticPatient(7, {
  institutions: ["general-hospital", "online-clinic"],
  visits: 3,
}).bundles.flatMap(({ bytes, institution }, visit) =>
  prepareImport(bytes, "visit.json", { timestamp: "2026-11-20T08:00:00Z" }).map((document) => ({
    visit,
    institution,
    summary: summarise(parse(document.bytes)),
  })),
);

const states = ["confirmed", "unconfirmed", "confirmed", "disputed"] as const;
const records = summaries.map(({ visit, institution, summary }, at) => {
  const state = states[at % states.length] ?? "confirmed";
  const author = institution === "online-clinic" ? sun : li;
  const version = {
    n: 1,
    slip: hex("1"),
    digest: hex("2"),
    time: now - at * dayMs,
    state,
    author,
  };
  return {
    id: at.toString(16).padStart(64, "0"),
    chain: `demo-${institution}`,
    institution,
    pid: visit.toString(16).padEnd(64, "a"),
    tag: hex("3"),
    category: summary.category,
    title: summary.title,
    date: summary.date,
    ...(summary.category === "laboratory" && {
      fact: { label: "HbA1c", value: "8.0", unit: "%", flag: "H" },
    }),
    state,
    author,
    time: version.time,
    versions: [version],
  };
});
const gid = hex("4");
const request = {
  id: hex("5"),
  state: "open",
  time: now,
  party: sun,
  actions: ["read"],
  purpose: "TREAT",
  until: Date.now() + 30 * dayMs,
  text: "To prepare our next consultation",
};
const grant = {
  id: gid,
  status: "live",
  party: li,
  categories: ["laboratory", "vitals"],
  actions: ["read", "copy"],
  purposes: ["TREAT"],
  notBefore: now - 3 * dayMs,
  until: now + 60 * dayMs,
  request: hex("6"),
  receipts: [],
};
const unread = records.findIndex(({ state }) => state === "unconfirmed");

/** The id of the record that waits to be confirmed, which `patient.record` and `doctor.record` give. */
export const scriptedRecord = records[unread]?.id ?? "";

const shown = {
  record: { ...records[unread], patient: { fingerprint: hex("7"), name: "zhang-wei" } },
  version: records[unread]?.versions[0],
  mediaType: "application/fhir+json",
  fileName: "visit-1.json",
  content: Buffer.from("{}").toString("base64"),
  canCopy: true,
  summary: summaries[unread]?.summary,
};

/** What three institutions say of one life: much that they share, and some that they do not agree on. */
const places = ["general-hospital", "city-hospital", "online-clinic"];
const history = tellHistory(
  combine([
    ...syntheticLife(5, places.length).parts.map(({ bytes }, at) => ({
      record: records[at]?.id ?? "",
      institution: places[at] ?? "",
      time: now,
      content: parse(bytes),
    })),
    { record: records[3]?.id ?? "", institution: "city-hospital", time: now, content: undefined },
  ]),
);
const shownHistory = {
  history,
  records: Object.fromEntries(records.map((record) => [record.id, record])),
  failed: 1,
};
const noHistory = { history: tellHistory(combine([])), records: {}, failed: 0 };

/** Whose history a doctor's page asks for. */
export const scriptedPatient = hex("7");

/** A life with something of everything. */
export const fullAnswers: Answers = {
  enter,
  "patient.records": records.map((record, at) =>
    at === 4 ? { ...record, broken: "DIGEST_MISMATCH" } : record,
  ),
  "patient.kept": null,
  "patient.record": shown,
  "patient.requests": [
    request,
    { ...request, id: hex("8"), party: { ...sun, name: "", role: "", institution: "" }, text: "" },
    { ...request, id: hex("6"), party: li, state: "granted", gid, closedAt: now, text: "" },
    { ...request, id: hex("9"), state: "refused", closedAt: now, categories: ["billing"] },
  ],
  "patient.grants": [
    grant,
    { ...grant, id: hex("b"), party: sun, status: "revoked", revokedAt: now, receipts: [1, 2, 3] },
    { ...grant, id: hex("a"), party: li, status: "stopped", receipts: [1, 2] },
    { ...grant, id: hex("c"), party: sun, status: "expired", records: [scriptedRecord] },
  ],
  "patient.log": [
    {
      what: "opened",
      time: now,
      who: li,
      gid,
      intent: hex("d"),
      purposes: ["TREAT"],
      records: [scriptedRecord, records[0]?.id],
      witnesses: 3,
    },
    {
      what: "denied",
      time: now - 1e6,
      who: sun,
      gid: hex("b"),
      code: "GRANT_NOT_LIVE",
      proxy: 1,
      checked: true,
    },
    {
      what: "denied",
      time: now - 1.5e6,
      who: li,
      gid,
      code: "CAPSULE_INVALID",
      proxy: 2,
      checked: false,
    },
    { what: "revoked", time: now - 2e6, who: sun, gid: hex("b"), receipts: [1, 2, 3] },
    {
      what: "granted",
      time: now - 3e6,
      who: li,
      gid,
      purposes: ["TREAT"],
      categories: ["laboratory", "vitals"],
      until: grant.until,
    },
    { what: "asked", time: now - 4e6, who: sun, request: request.id, purposes: ["TREAT"] },
    { what: "refused", time: now - 5e6, who: sun, request: hex("9") },
    { what: "reread", time: now - 6e6, who: li, record: records[0]?.id, slip: hex("1") },
    {
      what: "lookedUp",
      time: now - 7e6,
      who: { fingerprint: "", name: "dr-chen", role: "doctor", institution: "" },
    },
  ].map((entry) => ({ titles: [], purposes: [], emergency: false, ...entry })),
  "patient.history": shownHistory,
  "doctor.history": shownHistory,
  "doctor.readable": records
    .filter((_, at) => at % 2 === 0)
    .map((record) => ({
      ...record,
      date: undefined,
      gid,
      patient: { fingerprint: hex("7"), name: "zhang-wei" },
    })),
  "doctor.written": records
    .filter(({ author }) => author === li)
    .map((record) => ({ ...record, patient: { fingerprint: hex("7"), name: "zhang-wei" } })),
  "doctor.grants": [{ ...grant, party: { ...li, name: "zhang-wei", role: "patient" } }],
  "doctor.record": { ...shown, canCopy: false, content: undefined },
  "doctor.patients": [
    { fingerprint: hex("7"), name: "zhang-wei" },
    { fingerprint: hex("8"), name: "anna-keller" },
  ],
  "doctor.requests": [
    { ...request, party: { ...li, name: "zhang-wei" } },
    { ...request, id: hex("6"), party: { ...li, name: "anna-keller" }, state: "granted", gid },
  ],
};

const lists = Object.keys(fullAnswers).filter((name) => Array.isArray(fullAnswers[name]));
const all = (answer: unknown): Answers => ({
  ...fullAnswers,
  ...Object.fromEntries(lists.map((name) => [name, answer])),
});

/** Nothing anywhere. */
export const emptyAnswers: Answers = {
  ...all([]),
  "patient.history": noHistory,
  "doctor.history": { failure: "NO_ACCESS" },
};
/** Every list fails. */
export const failingAnswers: Answers = {
  ...all({ failure: "UNAVAILABLE", away: ["city-hospital", "national-authority"] }),
  "patient.record": { failure: "DIGEST_MISMATCH" },
  "patient.history": { failure: "UNAVAILABLE", away: ["city-hospital"] },
  "doctor.record": { failure: "GRANT_NOT_LIVE" },
  "doctor.history": { failure: "NO_ACCESS" },
};
/** Nothing is ever answered. */
export const silentAnswers: Answers = {
  ...all("never"),
  "patient.record": "never",
  "patient.history": "never",
  "doctor.record": "never",
  "doctor.history": "never",
};
