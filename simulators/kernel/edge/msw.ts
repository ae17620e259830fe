import { HttpResponse, http } from "msw/http";
import type { RequestHandler } from "msw";
import type { Service } from "../http/api.ts";
import type { HttpReply } from "../http/message.ts";
import type { Driver } from "./drive.ts";
import { replyOf, toHttpRequest, toResponse } from "./local.ts";

/** For a client that gets no answer. */
const GONE: HttpReply = { status: 0, wire: { kind: "reset" } };

/**
 * msw handlers that answer as this API at `origin` (`https://10.0.0.6:25555`), for `setupServer(...handlers)` in a user's own
 * tests. Give a live world: its clock follows the wall.
 */
export function mswHandlers(service: Service, driver: Driver, origin: string): RequestHandler[] {
  const resolver = async ({ request }: { request: Request }): Promise<Response> => {
    const incoming = await toHttpRequest(service, request, new URL(request.url), "127.0.0.1");
    driver.arrive();
    const reply = await replyOf(service.receive(incoming), driver, request.signal).catch((error: unknown) => {
      if (request.signal.aborted) return GONE;
      throw error;
    });
    return reply.wire?.kind === "reset" ? HttpResponse.error() : toResponse(reply);
  };
  return [http.all(`${origin}/*`, resolver), http.all(origin, resolver)];
}
