/** `dr-li` as people write it: `Dr Li`. Names that are no plain slug stand as they are. */
export function personLabel(name: string): string {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) return name;
  return name
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(" ");
}
