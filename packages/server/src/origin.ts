import { isIPv4, isIPv6 } from "node:net";

/**
 * Where a request comes from, as far as limits count it: an IPv4 address, or the /64 network of an IPv6 address, because
 * one subscriber has all addresses of one.
 *
 * @param address - As a socket tells it, or a reverse proxy that is believed.
 */
export function originOf(address: string): string {
  const plain = address.replace(/%.*$/, "").toLowerCase();
  const mapped = plain.replace(/^::ffff:/, "");
  if (isIPv4(mapped)) return mapped;
  if (!isIPv6(plain)) return "unknown";
  const [head = "", tail] = plain.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array<string>(Math.max(0, zeros)).fill("0"), ...last];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
