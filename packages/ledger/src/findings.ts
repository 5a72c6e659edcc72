/** What a recount has found so far: keeps the first fault only. */
export class Findings {
  /** In words. */
  fault: string | undefined;

  blame(fault: string): void {
    this.fault ??= fault;
  }
}
