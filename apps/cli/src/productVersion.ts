import { readFileSync } from "node:fs";

/** The version of this software, as its package says. */
export const productVersion = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  }
).version;
