/** Waits until `holds`, asking every two milliseconds; fails after `waitMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  waitMs = 10_000,
): Promise<void> {
  const end = Date.now() + waitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
