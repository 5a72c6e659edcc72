import { certifiedCaller } from "../caller.ts";
import type { Session } from "../session.ts";

/**
 * Registrar's side: puts a certificate of the institution on hold at the registry, or takes it off
 * (docs/spec/registry.md R-31).
 *
 * @param until - Unix milliseconds, a day ahead at most; 0 takes it off.
 * @throws {AnamnesisError} NOT_FOUND, FORBIDDEN, BAD_REQUEST.
 */
export const suspendCertificate = async (
  { device, network }: Session,
  fingerprint: string,
  until: number,
): Promise<void> => network.registry().suspend(fingerprint, until, await certifiedCaller(device));
