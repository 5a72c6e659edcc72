/** What a run had to do without, said so that nobody overlooks it: before the tests and once more after them. */

/**
 * A box of asterisks around `lines`.
 *
 * @param {readonly string[]} lines
 */
export function boxed(lines) {
  const edge = "*".repeat(78);
  return [edge, ...lines.map((line) => `* ${line}`), edge].join("\n");
}
