const ASK_EVERY_MS = 2;

/**
 * Waits until `holds`, asking every two milliseconds.
 *
 * @param patienceMs - Gives up after as many questions without progress as an idle machine asks in this time: a busy one asks
 * more slowly, and gets longer.
 * @param progress - What changes as long as there is hope; default nothing does.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { patienceMs = 10_000, progress = () => 0 as unknown } = {},
): Promise<void> {
  let seen = progress();
  for (let asked = 0; !(await holds()); asked += 1) {
    if (progress() !== seen) [asked, seen] = [0, progress()];
    if (asked * ASK_EVERY_MS > patienceMs) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
