import type { Actor } from "../../cloud.ts";
import type { Cinder } from "../state/cinder.ts";
import { parseBoolean } from "./schemas.ts";
import type { RequestContext } from "../../service.ts";

/** A request to Cinder. */
export interface CinderCall {
  readonly cinder: Cinder;
  readonly context: RequestContext;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** The minor of 3.x. */
  readonly version: number;
}

/** An administrator that asks for the volumes of all projects. */
export const isForAllProjects = ({ actor, query }: CinderCall): boolean =>
  actor.isAdmin && query.has("all_tenants") && parseBoolean(query.get("all_tenants")) !== false;
