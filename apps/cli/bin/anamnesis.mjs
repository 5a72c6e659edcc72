#!/usr/bin/env node
// Starts the CLI on the pinned Node, whatever Node the caller's shell has.
import { runWithPinnedNode } from "../../../tools/pinnedNode.mjs";
import { fileURLToPath } from "node:url";

runWithPinnedNode(fileURLToPath(new URL("../src/main.ts", import.meta.url)), process.argv.slice(2));
