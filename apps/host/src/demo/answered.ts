import { isKnownCode } from "@anamnesis/protocol";

/** What a server, or a client that was shown something, made of a request: the code of its refusal, or `SERVED`. */
export interface Answered {
  readonly by: string;
  readonly code: string;
}

/** @throws What is no refusal but a bug. */
export async function answerOf(by: string, asking: Promise<unknown>): Promise<Answered> {
  try {
    await asking;
    return { by, code: "SERVED" };
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code === "string") return { by, code };
    throw error;
  }
}

/** Sends a request as it stands, past every check that a client makes. */
export async function answerTo(by: string, url: string, init: RequestInit): Promise<Answered> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  if (answer.ok) {
    await answer.body?.cancel();
    return { by, code: "SERVED" };
  }
  const body = (await answer.json()) as { error?: { code?: string } };
  const code = body.error?.code;
  return { by, code: code !== undefined && isKnownCode(code) ? code : `status ${answer.status}` };
}
