/**
 * Each proxy frozen and killed alone, while the node of its institution answers (docs/operating/faults.md): in the default profile
 * the two share a process, here each server has its own.
 */
import { after, before, test } from "node:test";
import { openDevice, openSession } from "@anamnesis/client";
import { deviceDir, places } from "@anamnesis/client/folder";
import { federation } from "../../apps/host/src/profiles/federation.ts";
import { ServerProcesses } from "../bench/serverProcesses.ts";
import { Scene } from "./faultWorkflows.ts";

let servers: ServerProcesses;
let scene: Scene;

before(async () => {
  servers = await ServerProcesses.start(federation);
  const { dir, trust } = servers;
  scene = await Scene.set(trust, async (name, role, institution) => {
    await servers.enrol(name, role, institution);
    return openSession(await openDevice(deviceDir(places(dir).device(name))), trust);
  });
});
after(() => servers.stop());

for (const name of federation.proxies)
  for (const fault of ["frozen", "killed"] as const)
    test(`the proxy of ${name} ${fault} alone`, async (t) => {
      const round = await scene.nextRound();
      await servers.without({ app: "proxy", name }, fault, async () => {
        for (const { line } of await scene.play("", round)) t.diagnostic(line);
      });
      await scene.clearUp();
    });
