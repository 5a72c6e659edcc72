import { AnamnesisError, limits } from "@anamnesis/protocol";
import type { BlobDir } from "../blobDir.ts";
import { Fields } from "./fields.ts";
import { HttpPart } from "./request.ts";
import type { HttpOptions } from "./request.ts";

/** An item of 16 MiB, sealed. */
const ITEM_BYTES_MAX = 2 * limits.messageBytes + 1024;

/** A device's items behind `GET base` (`{"files":[name…]}`) and `GET/PUT/DELETE base/NAME` (octets; 404 `NOT_FOUND`). */
export function httpBlobDir(base: string, options: HttpOptions = {}): BlobDir {
  const part = new HttpPart("place where this device keeps its items", base, options);
  const at = (name: string): string => `/${encodeURIComponent(name)}`;
  return {
    list: async () =>
      new Fields("The list of items", await part.json({ method: "GET", path: "" }))
        .list("files")
        .map(String),
    read: async (name) => {
      try {
        return await part.octets({ method: "GET", path: at(name) }, ITEM_BYTES_MAX);
      } catch (error) {
        if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return undefined;
        throw error;
      }
    },
    write: async (name, bytes) => {
      await part.send({
        method: "PUT",
        path: at(name),
        body: bytes,
        contentType: "application/octet-stream",
      });
    },
    remove: async (name) => {
      await part.send({ method: "DELETE", path: at(name) });
    },
  };
}
