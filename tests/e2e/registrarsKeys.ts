/** Attack 10: what a demo federation gives to whoever asks its portal, or uses the same machine. */
import assert from "node:assert/strict";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isDemoDevice } from "@anamnesis/client";
import { deviceDir } from "@anamnesis/client/folder";
import type { Up } from "./anamnesis.ts";

/** Registers the attack on a demo federation that runs by then. */
export function registrarsKeys(federation: () => Up): void {
  test("attack 10: the portal hands out no registrar's keys, and every file is for its own user alone", async () => {
    const { dir, ready } = federation();
    const { portal } = ready;
    const devices = await readdir(join(dir, "devices"));
    const registrars = devices.filter((name) => name.startsWith("registrar-"));
    assert.equal(registrars.length, 6);
    for (const name of registrars) {
      assert.ok(await isDemoDevice(deviceDir(join(dir, "devices", name))), name);
      for (const path of ["", "/items", "/items/identity.json"])
        assert.equal((await fetch(`${portal}demo/people/${name}${path}`)).status, 403, path);
    }
    const open = [];
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (((await lstat(path)).mode & 0o077) !== 0 && !entry.isSymbolicLink()) open.push(path);
    }
    assert.deepEqual(open, []);
  });
}
