import type { ErrorCode, SlipCode } from "./codes.ts";

/**
 * Bad input or a failed dependency: thrown where it is found, caught once at the edge (HTTP, CLI, worker).
 *
 * `message` is for people: sentence case, what was wrong, what was wanted. It never holds keys, plaintext, keywords or
 * a patient's identifier, and neither does `details`.
 */
export class AnamnesisError extends Error {
  readonly code: ErrorCode | SlipCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode | SlipCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AnamnesisError";
    this.code = code;
    this.details = options.details;
  }
}

/** A bug: the state is doubtful and the process must not limp on. */
export class InvariantError extends Error {
  constructor(why: string) {
    super(`Invariant broken: ${why}`);
    this.name = "InvariantError";
  }
}

/** @throws {InvariantError} when `condition` does not hold. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new InvariantError(why);
}

/** The body that every server and the CLI answer for an error. */
export interface ErrorBody {
  error: { code: string; message: string };
}

export const errorBody = (code: string, message: string): ErrorBody => ({
  error: { code, message },
});
