import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { randomBytes, toBase64url, toHex } from "@anamnesis/crypto/verify";
import { ticketHeader } from "@anamnesis/protocol";
import type { ChainId, Ticket } from "@anamnesis/protocol";
import {
  authority,
  hospital,
  makeTrust,
  otherHospital,
  province,
} from "@anamnesis/testing/federation";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { showing, ticketFor } from "@anamnesis/testing/tickets";
import type { TicketParts } from "@anamnesis/testing/tickets";
import { startVault } from "./vault.ts";
import type { Vault } from "./vault.ts";

/** Two vaults of a federation of two hospitals, each with its chain; the authorities are members of both. */
const vaults = new Map<string, Vault & { readonly dataDirectory: string }>();
const stored = randomBytes(32);
const content = randomBytes(1_000);
const chainOfOther = otherHospital as string as ChainId;

before(async () => {
  const trust = makeTrust({ care: [hospital, otherHospital] });
  for (const id of ["vault", "other-vault"]) {
    const dataDirectory = await temporaryFolder("vault-tickets-");
    const vault = await startVault({ id, dataDirectory, trust, logLevel: "silent" });
    vaults.set(id, { ...vault, dataDirectory });
  }
  assert.equal(await put(stored, showing(ticketFor("put", stored))), "OK");
});

after(() => Promise.all([...vaults.values()].map((vault) => vault.stop())));

const url = (object: Uint8Array, vault = "vault"): string =>
  `${vaults.get(vault)!.address}/objects/${toHex(object)}`;

async function put(
  object: Uint8Array,
  headers: Record<string, string>,
  vault = "vault",
): Promise<string> {
  const body = Buffer.from(content);
  return outcome(await fetch(url(object, vault), { method: "PUT", headers, body }));
}
const get = async (
  object: Uint8Array,
  headers: Record<string, string>,
  method = "GET",
): Promise<string> => outcome(await fetch(url(object), { method, headers }));

/** OK, or the code and why. */
async function outcome(answer: Response): Promise<string> {
  if (answer.ok) return "OK";
  const text = await answer.text();
  if (text === "") return String(answer.status);
  const { error } = JSON.parse(text) as { error: { code: string; message: string } };
  return `${answer.status} ${error.code}: ${error.message}`;
}

interface Row {
  readonly when: string;
  readonly want: string;
  readonly ticket?: TicketParts;
  /** The ticket as it is shown, where somebody changed it after it was signed. */
  readonly swapped?: Partial<Ticket>;
}
/** What is refused alike for both actions. */
const rows: readonly Row[] = [
  {
    when: "it is replayed at another vault",
    want: "TICKET_FOR_ANOTHER_VAULT",
    ticket: { vault: "other-vault" },
  },
  {
    when: "its chain is none of the federation's",
    want: "TICKET_INVALID: Ticket refused: its chain is not of this federation",
    ticket: { chain: "no-such-chain" as ChainId },
  },
  {
    when: "a member of another chain asks",
    want: "TICKET_INVALID: Ticket refused: its institution is not a member of its chain",
    ticket: { institution: otherHospital },
  },
  {
    when: "a member of the consortium alone asks under its own name",
    want: "TICKET_INVALID: Ticket refused: its institution is not a member of its chain",
    ticket: { institution: "online-clinic" as Ticket["institution"] },
  },
  {
    when: "a stranger's key signs",
    want: "TICKET_INVALID: Ticket refused: its signature does not verify",
    ticket: { key: "stranger" },
  },
  {
    when: "another member's key signs",
    want: "TICKET_INVALID: Ticket refused: its signature does not verify",
    ticket: { key: authority },
  },
  {
    when: "it has expired",
    want: "TICKET_INVALID: Ticket refused: it has expired",
    ticket: { notAfter: Date.now() - 1 },
  },
  {
    when: "it lives too long",
    want: "TICKET_INVALID: Ticket refused: it lives longer than tickets may",
    ticket: { notAfter: Date.now() + 24 * 3_600_000 },
  },
  {
    when: "the vault was swapped",
    want: "TICKET_INVALID: Ticket refused: its signature does not verify",
    ticket: { vault: "other-vault" },
    swapped: { vault: "vault" },
  },
  {
    when: "the chain was swapped",
    want: "TICKET_INVALID: Ticket refused: its signature does not verify",
    ticket: { chain: chainOfOther, institution: authority },
    swapped: { chain: hospital as string as ChainId },
  },
  {
    when: "the institution was swapped",
    want: "TICKET_INVALID: Ticket refused: its signature does not verify",
    ticket: { institution: authority },
    swapped: { institution: hospital },
  },
  {
    when: "the time was put off",
    want: "TICKET_INVALID: Ticket refused: its signature does not verify",
    ticket: { notAfter: Date.now() - 1 },
    swapped: { notAfter: Date.now() + 60_000 },
  },
];

for (const { when, want, ticket, swapped } of rows) {
  test(`V-2: no ticket lets an object be put or got when ${when}`, async () => {
    const fresh = randomBytes(32);
    const shown = (action: "get" | "put", object: Uint8Array): Record<string, string> =>
      showing({ ...ticketFor(action, object, ticket), ...swapped });
    assert.ok((await put(fresh, shown("put", fresh))).startsWith(`403 ${want}`));
    assert.ok((await get(stored, shown("get", stored))).startsWith(`403 ${want}`));
    assert.equal(await get(stored, shown("get", stored), "HEAD"), "403");
    assert.match(await get(fresh, showing(ticketFor("get", fresh))), /NOT_FOUND/);
  });
}

test("V-2: a ticket is for one action on one object, and has to be one", async () => {
  const object = randomBytes(32);
  const swappedAction = { ...ticketFor("get", object), action: "put" as const };
  const swappedObject = { ...ticketFor("put", stored), object };
  const invalid = /^403 TICKET_INVALID/;
  assert.match(await put(object, showing(ticketFor("get", object))), invalid);
  assert.match(await get(stored, showing(ticketFor("put", stored))), invalid);
  assert.match(await put(object, showing(ticketFor("put", stored))), invalid);
  assert.match(await put(object, showing(swappedAction)), invalid);
  assert.match(await put(object, showing(swappedObject)), invalid);
  assert.match(await put(object, {}), invalid);
  assert.match(await put(object, { [ticketHeader]: "?" }), invalid);
  assert.match(await put(object, { [ticketHeader]: toBase64url(randomBytes(100)) }), invalid);
});

test("V-2: only the node of the institution whose chain it is lets an object be put", async () => {
  const object = randomBytes(32);
  const byAuthority = showing(ticketFor("put", object, { institution: authority }));
  assert.match(await put(object, byAuthority), /403 TICKET_INVALID.*only the institution whose/);
  const onConsortium = { chain: "consortium" as ChainId };
  assert.match(
    await put(object, showing(ticketFor("put", object, onConsortium))),
    /403 TICKET_INVALID.*only the institution whose/,
  );
  const { dataDirectory } = vaults.get("vault")!;
  assert.deepEqual(await readdir(join(dataDirectory, "uploads")), []);
  assert.equal(await put(object, showing(ticketFor("put", object))), "OK");
});

test("V-11: every member of the chain lets an object be got, nobody under another chain", async () => {
  for (const institution of [hospital, authority, province])
    assert.equal(await get(stored, showing(ticketFor("get", stored, { institution }))), "OK");
  // A member of both chains: its ticket holds, and is for the wrong one.
  for (const institution of [authority, otherHospital]) {
    const ticket = showing(ticketFor("get", stored, { institution, chain: chainOfOther }));
    assert.match(await get(stored, ticket), /^403 TICKET_FOR_ANOTHER_CHAIN/);
    assert.equal(await get(stored, ticket, "HEAD"), "403");
  }
});

test("V-11: the chain of an object outlives a restart", async () => {
  const { dataDirectory, stop } = vaults.get("other-vault")!;
  const object = randomBytes(32);
  const parts = { vault: "other-vault", chain: chainOfOther, institution: otherHospital };
  assert.equal(await put(object, showing(ticketFor("put", object, parts)), "other-vault"), "OK");
  await stop();
  const trust = makeTrust({ care: [hospital, otherHospital] });
  const again = await startVault({ id: "other-vault", trust, dataDirectory, logLevel: "silent" });
  vaults.set("other-vault", { ...again, dataDirectory });
  const read = async (over: TicketParts): Promise<string> =>
    outcome(
      await fetch(url(object, "other-vault"), {
        headers: showing(ticketFor("get", object, { ...parts, ...over })),
      }),
    );
  assert.equal(await read({}), "OK");
  assert.match(
    await read({ chain: hospital as string as ChainId, institution: hospital }),
    /^403 TICKET_FOR_ANOTHER_CHAIN/,
  );
});
