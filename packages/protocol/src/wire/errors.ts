import { errorCodes, slipCodes } from "../codes.ts";
import type { ErrorCode, SlipCode } from "../codes.ts";
import { limits } from "../limits.ts";
import { matching, object, text } from "../shape.ts";
import { json } from "./body.ts";

/** How every server says no. */
export const refusalBody = json(
  "Refusal",
  object({
    error: object({
      code: matching<string>("a code", /^[A-Z][A-Z0-9_]{1,63}$/),
      message: text(2_000),
    }),
  }),
  limits.answerErrorBytes,
);

/** Whether a code is one that this release knows: others are not believed. */
export const isKnownCode = (code: string): code is ErrorCode | SlipCode =>
  Object.hasOwn(errorCodes, code) || Object.hasOwn(slipCodes, code);
