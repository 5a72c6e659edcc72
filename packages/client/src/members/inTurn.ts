import { AnamnesisError } from "@anamnesis/protocol";

/** Whom to ask for one thing that any of them can give. */
export interface Turn<T> {
  readonly chain: string;
  readonly members: readonly string[];
  /** @param onSilent - To be called when the member has been silent for so long that the next one is asked, too. */
  readonly ask: (member: string, signal: AbortSignal, onSilent: () => void) => Promise<T>;
  /** Who alone takes slips in the end, where it is slips that members are asked to take. */
  readonly writer?: {
    readonly id: string;
    /** Whether it is silent to this device, too: then one member's word that it is away is enough. */
    readonly isSilent: () => Promise<boolean>;
  };
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
 * else UNAVAILABLE with the code of each in `details.members`. Its message names who failed, and so does `details.away`.
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
    const failed = async (member: string, error: unknown): Promise<void> => {
      underWay -= 1;
      if (over.signal.aborted) return;
      if (!(error instanceof AnamnesisError)) throw error;
      failures.set(member, error);
      const isWriterAway = error.code === "WRITER_AWAY" && (await isAway(turn, failures));
      if (over.signal.aborted) return;
      const isOver = isWriterAway || refusalsIn(failures).length >= REFUSALS;
      if (isOver || (waiting.length === 0 && underWay === 0))
        return end(() => reject(failureOf(turn, failures)));
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
      turn
        .ask(member, over.signal, next)
        .then(
          (value) => end(() => resolve(value)),
          (error: unknown) => failed(member, error),
        )
        .catch((error: unknown) => end(() => reject(error)));
    };
    if (waiting.length === 0) reject(failureOf(turn, failures));
    askNext();
  });
}

const refusalsIn = (failures: ReadonlyMap<string, AnamnesisError>): AnamnesisError[] =>
  [...failures.values()].filter(({ code }) => !ofTheMember.has(code));

/** One member may lie, or be cut off from the writer alone. */
async function isAway(
  { writer }: Pick<Turn<unknown>, "writer">,
  failures: ReadonlyMap<string, AnamnesisError>,
): Promise<boolean> {
  const told = [...failures.values()].filter(({ code }) => code === "WRITER_AWAY").length;
  return told >= REFUSALS || (await writer?.isSilent()) === true;
}

/** The one failure of several that says most. */
export function failureOf(
  turn: Pick<Turn<unknown>, "chain" | "writer">,
  failures: ReadonlyMap<string, AnamnesisError>,
): AnamnesisError {
  const all = [...failures.values()];
  const withCode = (code: string): AnamnesisError | undefined =>
    all.find((failure) => failure.code === code);
  const [only] = all;
  const writerAway = withCode("WRITER_AWAY");
  const said =
    refusalsIn(failures)[0] ??
    (writerAway && whichWriter(turn, writerAway)) ??
    withCode("PROOF_INVALID");
  if (said !== undefined) return said;
  if (only !== undefined && all.length === 1) return only;
  const members = Object.fromEntries([...failures].map(([member, { code }]) => [member, code]));
  const told = [...failures].map(([member, { code }]) =>
    code === "UNAVAILABLE" ? member : `${member} (${code})`,
  );
  return new AnamnesisError(
    "UNAVAILABLE",
    `No member of ${turn.chain} answers: ${told.join(", ")}`,
    {
      cause: only,
      details: { members, away: Object.keys(members) },
    },
  );
}

/** In this device's own words: members that say it may name anybody. */
function whichWriter(
  { chain, writer }: Pick<Turn<unknown>, "chain" | "writer">,
  told: AnamnesisError,
): AnamnesisError {
  if (writer === undefined) return told;
  return new AnamnesisError("WRITER_AWAY", `${writer.id}, which writes ${chain}, does not answer`, {
    cause: told,
    details: { away: [writer.id] },
  });
}
