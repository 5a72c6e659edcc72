import type { Trust } from "@anamnesis/protocol";
import type { BlobDir } from "../blobDir.ts";
import type { Network } from "../ports.ts";

/** Every party over HTTP, at the addresses of the trust file. */
export declare function httpNetwork(trust: Trust, options?: { readonly fetch?: typeof fetch; readonly timeoutMs?: number }): Network;
/** A device's items behind `GET base` (`{"files":[name…]}`) and `GET/PUT/DELETE base/NAME` (octets). */
export declare function httpBlobDir(base: string, options?: { readonly fetch?: typeof fetch }): BlobDir;
