import { AnamnesisError } from "@anamnesis/protocol";

/** Whom to ask for one thing that any of them can give. */
export interface Turn<T> {
  readonly chain: string;
  readonly members: readonly string[];
  /** @param onSilent - To be called when the member has been silent for so long that the next one is asked, too. */
  readonly ask: (member: string, signal: AbortSignal, onSilent: () => void) => Promise<T>;
  /** Whether the one who alone takes slips in the end was silent to this device, too: then nobody else has to say so. */
  readonly isWriterSilent: () => boolean;
}

/** Members that refuse, or say that the writer is away, before they are believed. */
const REFUSALS = 2;

/** Codes that say something of the member that was asked, not of what it was asked for. */
const ofTheMember: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "WRITER_AWAY",
  "NOT_YET",
  "BUSY",
  "RATE_LIMITED",
  "STORAGE_FULL",
  "STORE_CORRUPT",
  "MALFORMED",
  "NOT_CANONICAL",
  "TOO_LARGE",
  "TOO_DEEP",
  "INTERNAL",
  "PROOF_INVALID",
]);

/**
 * Asks one after the other, the next when one fails or is silent. The first answer counts; who is still being asked then is
 * asked no more.
 *
 * @throws {AnamnesisError} What two members refuse with, or the only one that said something; WRITER_AWAY; PROOF_INVALID;
 * else UNAVAILABLE with the code of each in `details.members`. Its message names who failed.
 */
export function inTurn<T>(turn: Turn<T>): Promise<T> {
  const over = new AbortController();
  const failures = new Map<string, AnamnesisError>();
  const waiting = [...turn.members];
  let underWay = 0;
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      over.abort();
      settle();
    };
    const failed = (member: string, error: unknown): void => {
      underWay -= 1;
      if (over.signal.aborted) return;
      if (!(error instanceof AnamnesisError)) return end(() => reject(error));
      failures.set(member, error);
      const isOver = refusalsIn(failures).length >= REFUSALS || isWriterAway(turn, failures);
      if (isOver || (waiting.length === 0 && underWay === 0))
        return end(() => reject(failureOf(turn.chain, failures)));
      askNext();
    };
    const askNext = (): void => {
      const member = waiting.shift();
      if (member === undefined) return;
      underWay += 1;
      let hasNext = false;
      const next = (): void => {
        if (hasNext || over.signal.aborted) return;
        hasNext = true;
        askNext();
      };
      turn.ask(member, over.signal, next).then(
        (value) => end(() => resolve(value)),
        (error: unknown) => failed(member, error),
      );
    };
    if (waiting.length === 0) reject(failureOf(turn.chain, failures));
    askNext();
  });
}

const refusalsIn = (failures: ReadonlyMap<string, AnamnesisError>): AnamnesisError[] =>
  [...failures.values()].filter(({ code }) => !ofTheMember.has(code));

/** One member may lie, or be cut off from the writer alone. */
function isWriterAway(
  { isWriterSilent }: Pick<Turn<unknown>, "isWriterSilent">,
  failures: ReadonlyMap<string, AnamnesisError>,
): boolean {
  const told = [...failures.values()].filter(({ code }) => code === "WRITER_AWAY").length;
  return told >= REFUSALS || (told > 0 && isWriterSilent());
}

/** The one failure of several that says most. */
function failureOf(chain: string, failures: ReadonlyMap<string, AnamnesisError>): AnamnesisError {
  const all = [...failures.values()];
  const withCode = (code: string): AnamnesisError | undefined =>
    all.find((failure) => failure.code === code);
  const [only] = all;
  const said = refusalsIn(failures)[0] ?? withCode("WRITER_AWAY") ?? withCode("PROOF_INVALID");
  if (said !== undefined) return said;
  if (only !== undefined && all.length === 1) return only;
  const members = Object.fromEntries([...failures].map(([member, { code }]) => [member, code]));
  const told = [...failures].map(([member, { code }]) =>
    code === "UNAVAILABLE" ? member : `${member} (${code})`,
  );
  return new AnamnesisError("UNAVAILABLE", `No member of ${chain} answers: ${told.join(", ")}`, {
    cause: only,
    details: { members },
  });
}
