import type { Actor } from "../../cloud.ts";
import type { Nova } from "../state/nova.ts";
import { parseAddress, pathOf } from "./address.ts";
import { MICROVERSIONS } from "./versions.ts";
import { microversionOf } from "../../microversion.ts";
import type { RequestContext } from "../../service.ts";

/** A request to Nova: the caller, the microversion and the address. */
export interface NovaCall {
  readonly nova: Nova;
  readonly context: RequestContext;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** The minor of 2.x. */
  readonly version: number;
  /** Whether it came in under /v2, without microversions: unknown keys of a body are then dropped. */
  readonly isLegacy: boolean;
  /** `http://host:8774/v2.1`, with the project where the client named it. */
  readonly base: string;
  /** The same without the version. */
  readonly bookmark: string;
}

/** Reads address and microversion of a request. @throws Refusal 400, 406 */
export function readCall(nova: Nova, context: RequestContext): NovaCall {
  const { request, actor, params, query, requestId } = context;
  const address = parseAddress(pathOf(request)) ?? { version: "v2.1", project: "", rest: "" };
  const isLegacy = address.version === "v2";
  return {
    nova,
    context,
    actor,
    params,
    query,
    requestId,
    version: isLegacy ? MICROVERSIONS.minorMin : microversionOf(MICROVERSIONS, request.headers),
    isLegacy,
    base: `${request.origin}/${address.version}${address.project}`,
    bookmark: `${request.origin}${address.project}`,
  };
}
