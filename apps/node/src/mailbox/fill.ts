import { statfs } from "node:fs/promises";
import { AnamnesisError, limits } from "@anamnesis/protocol";
import { RateLimit } from "@anamnesis/server";

/** How much of a box, and of the mailbox, a writer may fill: see `roomFor`. */
export type Room = "all" | "unreserved";

export interface FillLimits {
  /** Bytes of all boxes together; default 16 GiB. */
  readonly bytes?: number | undefined;
  /** Free bytes of the disk that no message takes: chains need them; default 1 GiB. */
  readonly diskKept?: number | undefined;
  /** Bytes that strangers of one origin put into all boxes in an hour; default `limits.strangerBytes`. */
  readonly strangerBytes?: number | undefined;
}

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;
const DISK_LOOK_MS = 1_000;
/** A small message counts as so much: a box is filled by their number, too. */
const STRANGER_BYTES_LEAST = 16 * 1024;

/** How full each box is, all boxes together, and the disk; and who may still fill them. */
export class Fill {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #mostBytes: number;
  readonly #diskKept: number;
  readonly #strangers: RateLimit;
  readonly #used = new Map<string, { letters: number; bytes: number }>();
  #bytes = 0;
  #disk = { free: 0, seenAt: Number.NEGATIVE_INFINITY };

  constructor(folder: string, now: () => number, most: FillLimits) {
    this.#folder = folder;
    this.#now = now;
    this.#mostBytes = most.bytes ?? 16 * GIB;
    this.#diskKept = most.diskKept ?? GIB;
    this.#strangers = new RateLimit({
      most: most.strangerBytes ?? limits.strangerBytes,
      periodMs: HOUR_MS,
      what: "bytes of messages that nobody expects from one origin",
    });
  }

  /** Boxes in which something lies. */
  boxes(): Iterable<string> {
    return this.#used.keys();
  }

  /** Counts a message in, or out when its size is negative. */
  count(box: string, bytes: number): void {
    const used = this.#used.get(box) ?? { letters: 0, bytes: 0 };
    this.#bytes += bytes;
    used.bytes += bytes;
    used.letters += Math.sign(bytes);
    if (used.letters === 0) this.#used.delete(box);
    else this.#used.set(box, used);
  }

  /**
   * Looks whether the disk has room, at most once a second.
   * @throws {AnamnesisError} STORAGE_FULL when what is left of it is for chains.
   */
  async assertDisk(bytes: number): Promise<void> {
    const now = performance.now();
    if (now - this.#disk.seenAt >= DISK_LOOK_MS) {
      const { bavail, bsize } = await statfs(this.#folder);
      this.#disk = { free: bavail * bsize, seenAt: now };
    }
    if (this.#disk.free - bytes < this.#diskKept)
      throw new AnamnesisError("STORAGE_FULL", "Message refused: the disk is full but for chains");
  }

  /**
   * @param origin - Charged for what strangers write, once there is room for it.
   * @throws {AnamnesisError} BOX_FULL, STORAGE_FULL (all boxes together), RATE_LIMITED.
   */
  assertRoom(box: string, bytes: number, { room, origin }: Writer): void {
    const used = this.#used.get(box) ?? { letters: 0, bytes: 0 };
    const isExpected = room === "all";
    const lettersMax = limits.boxMessages - (isExpected ? 0 : limits.boxReservedMessages);
    const bytesMax = limits.boxBytes - (isExpected ? 0 : limits.boxReservedBytes);
    if (used.letters >= lettersMax || used.bytes + bytes > bytesMax)
      throw new AnamnesisError("BOX_FULL", "Message refused: the box is full");
    if (this.#bytes + bytes > this.#mostBytes / (isExpected ? 1 : 2))
      throw new AnamnesisError("STORAGE_FULL", "Message refused: the mailbox is full");
    if (!isExpected)
      this.#strangers.take(origin, this.#now(), Math.max(bytes, STRANGER_BYTES_LEAST));
  }
}

/** Who puts a message into a box: from where, and how much of it they may fill. */
export interface Writer {
  readonly room: Room;
  readonly origin: string;
}
