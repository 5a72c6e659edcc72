import { Part } from "@anamnesis/http";
import type { HttpOptions } from "@anamnesis/http";
import { AnamnesisError, deviceRoutes } from "@anamnesis/protocol";
import type { BlobDir } from "../blobDir.ts";

/** A device's items at a server that keeps them (H-60). @param base - Address of the device there. */
export function httpBlobDir(base: string, options: HttpOptions = {}): BlobDir {
  const part = new Part("place where this device keeps its items", base, options);
  return {
    list: async () => (await part.call(deviceRoutes.listItems, {})).files,
    read: async (file) => {
      try {
        return await part.call(deviceRoutes.getItem, { params: { file } });
      } catch (error) {
        if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return undefined;
        throw error;
      }
    },
    write: (file, body) => part.call(deviceRoutes.putItem, { params: { file }, body }),
    remove: (file) => part.call(deviceRoutes.removeItem, { params: { file } }),
  };
}
