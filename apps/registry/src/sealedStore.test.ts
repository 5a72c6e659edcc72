import assert from "node:assert/strict";
import { chmod, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encodeCanonical, randomBytes } from "@anamnesis/crypto/verify";
import { hpkeInfo, contactLookup, fingerprintOf } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import {
  enrolled,
  newDevice,
  post,
  sealedFor,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import { initDataDirectory, openDataDirectory } from "./dataDirectory.ts";
import { SealedStore } from "./sealedStore.ts";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";

const newFolder = (): Promise<string> => temporaryFolder("registry-store-");

test("SealedStore gives back what was put, under the same key only", async (t) => {
  const [folder, key] = [await newFolder(), randomBytes(32)];
  const store = new SealedStore(folder, key);
  store.put({ a: 1, b: Uint8Array.of(2) }, "identity", "patient", "X");
  store.put("other", "identity", "patient", "Y");
  assert.deepEqual(store.get("identity", "patient", "X"), { a: 1, b: Uint8Array.of(2) });
  assert.equal(store.get("identity", "patientX"), undefined);
  assert.equal(store.get("contact", "patient", "X"), undefined);
  assert.equal(store.values("identity").length, 2);
  store.remove("identity", "patient", "Y");
  assert.equal(store.values("identity").length, 1);
  await store.close();
  assert.throws(() => new SealedStore(folder, randomBytes(32)), { code: "STORE_CORRUPT" });
  const again = new SealedStore(folder, key);
  t.after(() => again.close());
  assert.deepEqual(again.get("identity", "patient", "X"), { a: 1, b: Uint8Array.of(2) });
});

test("transaction() keeps all or nothing", async (t) => {
  const store = new SealedStore(await newFolder(), randomBytes(32));
  t.after(() => store.close());
  assert.throws(() =>
    store.transaction(() => {
      store.put(1, "counter", "a");
      throw new Error("stop");
    }),
  );
  assert.equal(store.get("counter", "a"), undefined);
});

test("a value moved to another key, or changed, is refused", async (t) => {
  const [folder, key] = [await newFolder(), randomBytes(32)];
  const store = new SealedStore(folder, key);
  store.put("marker-value-1", "identity", "x");
  await store.close();
  const path = join(folder, "data.mdb");
  const bytes = await readFile(path);
  const at = bytes.indexOf("identity/") + "identity/".length + 64 + 20;
  assert.ok(at > 100);
  for (
    let page = bytes.indexOf("identity/");
    page >= 0;
    page = bytes.indexOf("identity/", page + 1)
  ) {
    const inValue = page + "identity/".length + 64 + 20;
    bytes[inValue] = (bytes[inValue] ?? 0) ^ 1;
  }
  await writeFile(path, bytes);
  const changed = new SealedStore(folder, key);
  t.after(() => changed.close());
  assert.throws(() => changed.get("identity", "x"), { code: "STORE_CORRUPT" });
});

test("initDataDirectory() keeps keys from others, and the store's key outside the data directory", async () => {
  const folder = await newFolder();
  const place = { dataDirectory: join(folder, "data"), keyFile: join(folder, "keys", "store.key") };
  await assert.rejects(
    initDataDirectory(place.dataDirectory, { keyFile: join(place.dataDirectory, "store.key") }),
    {
      code: "BAD_REQUEST",
    },
  );
  const made = await initDataDirectory(place.dataDirectory, place);
  assert.deepEqual(
    made.cas.map(({ id }) => id),
    ["root", "care", "third-parties"],
  );
  const keys = ["box.key", "trace.key", "ca/root.key", "ca/care.key", "ca/third-parties.key"];
  for (const file of keys) {
    assert.equal((await stat(join(place.dataDirectory, file))).mode & 0o777, 0o600);
  }
  assert.equal((await stat(place.keyFile)).mode & 0o777, 0o600);
  assert.notDeepEqual(made.traceKey, made.boxKey);
  await assert.rejects(initDataDirectory(place.dataDirectory, place), { code: "DEVICE_EXISTS" });
  await chmod(place.keyFile, 0o644);
  await assert.rejects(
    openDataDirectory({ dataDirectory: place.dataDirectory, keyFile: place.keyFile }),
    {
      code: "FILE_UNREADABLE",
    },
  );
  await chmod(place.keyFile, 0o600);
  await writeFile(place.keyFile, "short");
  await assert.rejects(
    openDataDirectory({ dataDirectory: place.dataDirectory, keyFile: place.keyFile }),
    {
      code: "FILE_UNREADABLE",
    },
  );
});

test("I4: nothing in the registry's data tells who is enrolled", async (t) => {
  const federation = await startFederation();
  let running = true;
  const stop = async (): Promise<void> => {
    if (running) await federation.stop();
    running = false;
  };
  t.after(stop); // A server that is left running would keep a failing test from ending.
  const secrets = ["Grace-Hopper-19061209", "Doctor-Ada-Lovelace", "STAFF-ID-778899"];
  const patient = await newDevice();
  const patientDer = await enrolled(federation, patient, { identifier: secrets[0]! });
  const doctor = await newDevice();
  const doctorDer = await enrolled(federation, doctor, {
    role: "doctor",
    name: secrets[1]!,
    identifier: secrets[2]!,
  });
  const card = {
    node: hospital,
    box: randomBytes(32),
    boxKey: patient.box.publicKey,
    postKey: randomBytes(32),
    certificate: new Uint8Array(0),
  };
  const cardBody = await sealedFor(federation, hpkeInfo.contact, encodeCanonical(card));
  const left = signedHeaders(
    federation,
    { method: "PUT", path: "/contacts", body: cardBody },
    fingerprintOf(patientDer),
    patient.keys.secretKey,
  );
  assert.equal((await post(federation, "/contacts", cardBody, left, "PUT")).status, 200);
  const body = await sealedFor(
    federation,
    hpkeInfo.lookUp,
    contactLookup.encode({ v: 1, identifier: secrets[0]! }),
  );
  const asked = signedHeaders(
    federation,
    { method: "POST", path: "/lookups", body },
    fingerprintOf(doctorDer),
    doctor.keys.secretKey,
  );
  assert.equal((await post(federation, "/lookups", body, asked)).status, 200);
  await stop();

  const ids = [fingerprintOf(patientDer), fingerprintOf(doctorDer)].map((hex) =>
    Buffer.from(hex, "hex"),
  );
  const keys = [
    patient.keys.publicKey,
    card.box,
    card.postKey,
    patient.box.publicKey.slice(0, 24),
  ].map((key) => Buffer.from(key));
  const needles = [...secrets.flatMap(spellings), ...ids, ...keys];
  assert.deepEqual(await holders(federation.config.dataDirectory, needles), []);
  // The same search finds each needle once it lies there in the open.
  for (const needle of needles) {
    await writeFile(
      join(federation.config.dataDirectory, "store", "planted"),
      Buffer.concat([randomBytes(99), needle]),
    );
    assert.deepEqual(await holders(federation.config.dataDirectory, needles), ["planted"]);
  }
});

/** Names of the files below a folder that hold one of the needles. */
async function holders(folder: string, needles: readonly Buffer[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  assert.ok(files.some(({ name }) => name === "data.mdb"));
  const found: string[] = [];
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name));
    if (needles.some((needle) => bytes.includes(needle))) found.push(name);
  }
  return found;
}

/** A text as it may lie in a file: plain, UTF-16 both ways, hex, base64 at its three alignments, upper and lower case. */
function spellings(text: string): Buffer[] {
  const plain = [text, text.toLowerCase(), text.toUpperCase()].map((form) => Buffer.from(form));
  const utf16 = Buffer.from(text, "utf16le");
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString("base64");
    return Buffer.from(encoded.slice(4, -4));
  });
  return [
    ...plain,
    utf16,
    Buffer.from(utf16).swap16(),
    Buffer.from(Buffer.from(text).toString("hex")),
    ...base64,
  ];
}
