/** Nodes that say OK and drop what they were given. The world is that of attacks.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeApi, ProxyApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { decodeSlip } from "@anamnesis/protocol";
import type { SlipKind } from "@anamnesis/protocol";
import { over, unavailable } from "./attackTools.ts";
import { alice, file, hour, note, read, reader } from "./attackWorld.ts";

/** Alice over nodes of which `isLiar` answer OK to slips of a kind, at the height that they have, and drop them. */
const swallowing = (kind: SlipKind, isLiar: (institution: string) => boolean): Session =>
  over(alice, {
    node: (institution): NodeApi => {
      const node = alice.network.node(institution);
      return {
        ...node,
        submit: async (chain, slip, caller) => {
          const { kind: sent, id } = decodeSlip(slip);
          if (sent !== kind || !isLiar(institution)) return node.submit(chain, slip, caller);
          return { id, height: (await node.head(chain)).height };
        },
      };
    },
  });

const statusOf = async (gid: string): Promise<string | undefined> =>
  (await patient.listGrants(alice)).find(({ id }) => id === gid)?.status;

/** Registers the attack of nodes on what a patient is told. */
export function lyingNodes(): void {
  test("attack 1: no node makes a device say 'revoked' while the reader still opens", async () => {
    const terms = { to: "dr-reader", records: [note], until: Date.now() + hour };
    const { id } = await patient.grant(alice, terms);
    await doctor.receive(reader);
    const liars = swallowing("grant.revoke", () => true);
    const proxy = (index: number): ProxyApi => ({
      ...alice.network.proxy(index),
      erase: unavailable,
    });
    const said = await patient.revoke(over(liars, { proxy }), id);
    assert.deepEqual([said.status, said.revokedAt], ["revoking", undefined]);
    assert.equal(await statusOf(id), "revoking");
    assert.ok((await read(reader, note)).length > file.length, "and it does open still");

    let liar: string | undefined;
    const first = (institution: string): boolean => institution === (liar ??= institution);
    const { status } = await patient.revoke(swallowing("grant.revoke", first), id);
    assert.ok(liar !== undefined, "a node lied, and another one carried the slip");
    assert.equal(status, "revoked");
    assert.equal(await statusOf(id), "revoked");
    await assert.rejects(read(reader, note), { code: "GRANT_REVOKED" });
  });
}
