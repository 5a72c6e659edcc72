import { BlockList, isIPv6 } from "node:net";
import type { Server, Socket } from "node:net";
import { originOf } from "./origin.ts";

/** How many connections a server keeps at once; whoever comes then is hung up on before anything is read (D16). */
export interface ConnectionBound {
  readonly perOrigin: number;
  readonly inAll: number;
}

/**
 * Bounds the connections of a server.
 *
 * @param reverseProxies - Addresses or networks (CIDR) that bring everybody's requests: only the bound in all holds for them.
 */
export function boundConnections(
  server: Server,
  { perOrigin, inAll }: ConnectionBound,
  reverseProxies: readonly string[],
): void {
  const open = new Map<string, number>();
  const trusted = networksOf(reverseProxies);
  server.maxConnections = inAll;
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    if (trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4")) return;
    const origin = originOf(address);
    const count = (open.get(origin) ?? 0) + 1;
    if (count > perOrigin) return void socket.destroy();
    open.set(origin, count);
    socket.once("close", () => {
      const left = open.get(origin)! - 1;
      if (left > 0) open.set(origin, left);
      else open.delete(origin);
    });
  });
}

function networksOf(addresses: readonly string[]): BlockList {
  const list = new BlockList();
  for (const each of addresses) {
    const [address = "", bits] = each.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
