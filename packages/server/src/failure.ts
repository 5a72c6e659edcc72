import { CryptoError } from "@anamnesis/crypto/verify";
import { AnamnesisError, errorBody, errorCodes, slipCodes } from "@anamnesis/protocol";
import type { ErrorBody } from "@anamnesis/protocol";

/** How an error leaves the server. `bug`: nobody foresaw it, so its text stays inside. */
export interface Failure {
  readonly status: number;
  readonly body: ErrorBody;
  readonly bug: boolean;
}

const CONFLICT = 409;

/** The one place where errors become HTTP answers: status from the table of codes, a refused slip is a conflict. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AnamnesisError || error instanceof CryptoError) {
    const code = error.code;
    if (isErrorCode(code)) return failure(errorCodes[code].status, code, error.message);
    if (Object.hasOwn(slipCodes, code)) return failure(CONFLICT, code, error.message);
    return failure(errorCodes.BAD_REQUEST.status, "BAD_REQUEST", error.message);
  }
  const { statusCode } = Object(error) as { statusCode?: unknown };
  if (statusCode === errorCodes.TOO_LARGE.status)
    return failure(statusCode, "TOO_LARGE", "Body is larger than the limit");
  if (typeof statusCode === "number" && statusCode < 500) {
    return failure(
      errorCodes.BAD_REQUEST.status,
      "BAD_REQUEST",
      "Request is not in the form that /openapi.json names",
    );
  }
  return {
    ...failure(errorCodes.INTERNAL.status, "INTERNAL", "The server met a fault of its own"),
    bug: true,
  };
}

const failure = (status: number, code: string, message: string): Failure => ({
  status,
  body: errorBody(code, message),
  bug: false,
});

const isErrorCode = (code: string): code is keyof typeof errorCodes =>
  Object.hasOwn(errorCodes, code);
