/** What was asked under a name before, or is asked now. A failure is forgotten, so that the next caller asks again. */
export function once<T>(
  asked: Map<string, Promise<T>>,
  name: string,
  ask: () => Promise<T>,
): Promise<T> {
  const known = asked.get(name);
  if (known !== undefined) return known;
  const asking = ask();
  asked.set(name, asking);
  asking.catch(() => asked.delete(name));
  return asking;
}
