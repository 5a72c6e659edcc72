import type {
  Access,
  KeyKind,
  ParamsOf,
  QueryOf,
  RequestOf,
  ResponseOf,
  Route,
  Ticket,
} from "@anamnesis/protocol";
import type { Caller, CertifiedCaller, KeyCaller } from "./caller.ts";
import type { Spending } from "./vainWork.ts";

type Signed<K extends KeyKind, C> = K extends "certificate"
  ? CertifiedCaller<C>
  : K extends "key"
    ? KeyCaller
    : Caller<C>;

/** Who calls, as a route asks for it. A bearer is known by nothing but the ticket, which the handler judges. */
export type CallerIn<A extends Access, C> = A extends {
  who: "signer";
  key: infer K extends KeyKind;
  optional: infer Maybe;
}
  ? Maybe extends true
    ? Signed<K, C> | undefined
    : Signed<K, C>
  : A extends { who: "bearer" }
    ? Ticket
    : undefined;

/** A request as handlers see it: parsed by what its route describes. */
export interface Incoming<R extends Route, C> {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: RequestOf<R>;
  readonly caller: CallerIn<R["caller"], C>;
  /** Whom limits count where nothing better is known: an address or network (see `originOf`). */
  readonly origin: string;
  /** What it costs its origin, should it be in vain. */
  readonly spending: Spending;
}

/** A route with what answers it. `C`: what the server knows of a certificate. */
export interface Handled<C> {
  readonly route: Route;
  // Only `handling` makes one, which has checked that both fit.
  readonly answer: (incoming: Incoming<Route, C>) => Promise<unknown>;
}

export type Handling<C> = <R extends Route>(
  route: R,
  answer: (incoming: Incoming<R, C>) => Promise<ResponseOf<R>> | ResponseOf<R>,
) => Handled<C>;

/** How handlers of one server are made: parsed input in, the described value out. */
export const handling =
  <C>(): Handling<C> =>
  (route, answer) => ({
    route,
    answer: async (incoming) => answer(incoming as Incoming<typeof route, C>),
  });
