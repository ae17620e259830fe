import { AsyncLocalStorage } from "node:async_hooks";
import type { FastifyInstance } from "fastify";
import { isObject } from "../json.ts";

/** The known facts about the request for which something is done. */
interface RequestScope {
  /** Who asks, for the audit log. */
  readonly actor: string;
}

const scope = new AsyncLocalStorage<RequestScope>();

const ACTOR_CHARS_MAX = 200;

/** Members of originating identities that name a user (profile.md of the specification, "Originating Identity Header"). */
const USER = ["user_id", "username"] as const;

/** `platform`, with the user of the originating identity if there is one that can be read. */
function actorOf(header: string | undefined): string {
  const [platform = "", encoded = ""] = (header ?? "").split(" ");
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
    const user = isObject(value) ? USER.map((name) => value[name]).find((each) => typeof each === "string") : undefined;
    return user === undefined ? "platform" : `platform, ${platform} user ${String(user)}`.slice(0, ACTOR_CHARS_MAX);
  } catch {
    // Whether it must be readable is up to its own check.
    return "platform";
  }
}

/** Remembers during each request whose it is. */
export function rememberRequests(app: FastifyInstance): void {
  app.addHook("onRequest", ({ headers }, _reply, done) => {
    const identity = headers["x-broker-api-originating-identity"];
    scope.run({ actor: actorOf(Array.isArray(identity) ? identity[0] : identity) }, done);
  });
}

/** Who asks; the broker itself outside of any request. */
export const currentActor = (): string => scope.getStore()?.actor ?? "broker";
