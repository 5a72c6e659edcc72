/** A small door for the hunt's own test: some of its checks are tested, one is not. */
export interface Guest {
  readonly age: number;
  readonly hasTicket: boolean;
  readonly isBanned: boolean;
}

/** @throws {Error} for a guest who is banned. */
export function mayEnter(guest: Guest): boolean {
  refuseBanned(guest);
  return guest.age >= 18 && guest.hasTicket;
}

function refuseBanned({ isBanned }: Guest): void {
  if (isBanned) throw new Error("Banned");
}

/** Counted once, when the file is loaded. */
export const seats: number = places(2, 3);

function places(rows: number, each: number): number {
  if (rows > 1) return rows * each;
  return each;
}
