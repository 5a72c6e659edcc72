/** What a proxy may do: hold shares of grants and answer with them. It never holds a scalar of anybody's. */
export type { ProxyShares, ShareRequest, ShownCapsule, TagShare } from "./grant/proxyShares.ts";
export {
  checkShares,
  proveShare,
  proxyShares,
  reencryptShare,
  reencryptShares,
} from "./grant/proxyShares.ts";
