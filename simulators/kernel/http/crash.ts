import { type HttpReply, replyHeader } from "./message.ts";

const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);

/**
 * A handler threw: a defect of the simulator. The client gets the API's own 500; the log gets this, which says which request it was.
 * `cause` is what was thrown, with its stack.
 */
export class Crash extends Error {
  readonly service: string;
  readonly method: string;
  /** The template of the route, `/servers/:id/action`. */
  readonly path: string;
  /** Of what was thrown: its name and message. */
  readonly reason: string;
  /** The id that the client was given; empty where the API has none. */
  requestId = "";

  constructor(service: string, method: string, path: string, thrown: unknown) {
    const reason = reasonOf(thrown);
    super(`${service}: ${method} ${path} threw ${reason}`, { cause: thrown });
    this.name = "Crash";
    this.service = service;
    this.method = method;
    this.path = path;
    this.reason = reason;
  }
}

/** The service's id of a request, which its reply carries. */
export const requestIdOf = (reply: HttpReply): string => replyHeader(reply, "x-openstack-request-id") ?? "";
