import type { Body } from "../../kernel/index.ts";
import type { Probe } from "../behaviour/probe.ts";
import { RCODE } from "../wire/codec/types.ts";
import { type ForwardContext, RecursorPool } from "./forward.ts";
import { deny, forward, type Handle, overHttp } from "./handlers.ts";

/** A domain that is answered differently, in the keys of a handler file. */
export interface BoshDnsHandler {
  readonly domain: string;
  readonly source: {
    readonly type: string;
    readonly url?: string;
    readonly recursors?: readonly string[];
    readonly response?: string;
  };
  readonly cache?: { readonly enabled?: boolean };
}

/** The rest of a body that has begun and then stalls. */
export function* continueBody<R>(waits: unknown, body: Body<R>): Body<R> {
  for (let waited = waits; ; ) {
    if (typeof waited === "number") yield waited;
    const next = body.next();
    if (next.done === true) return next.value;
    waited = next.value;
  }
}

/** @throws Error in the words of the real one */
export function handlerOf(
  domain: string,
  source: BoshDnsHandler["source"],
  probe: Probe,
  recursors: () => readonly string[],
  context: ForwardContext,
): Handle {
  const wrong = (what: string): Error => new Error(`Configuring handler for "${domain}": ${what}`);
  switch (source.type) {
    case "http":
      if (source.url === undefined || source.url === "") throw wrong("HTTP handler must receive a URL");
      return overHttp(source.url, probe);
    case "dns":
      if ((source.recursors ?? []).length === 0) throw wrong("No recursors present");
      return forward(new RecursorPool(domain, recursors(), true, context));
    case "deny": {
      const response = source.response ?? "NXDOMAIN";
      if (response !== "NXDOMAIN" && response !== "REFUSED")
        throw wrong(`Invalid response type "${response}", must be NXDOMAIN or REFUSED`);
      return deny(RCODE[response]);
    }
    default:
      throw wrong(`Unexpected handler source type: ${source.type}`);
  }
}
