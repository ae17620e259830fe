import { Readable } from "node:stream";
import { type HttpReply, type HttpRequest, Process, replyHeader, serialise } from "../kernel/index.ts";
import type { AttackedRoute, Target } from "./target.ts";

/** A reply that takes time must come within this many events of the world. */
const EVENTS_MAX = 20_000;

/** Sends a request and lets the world go on until the reply comes. @throws Error when it never comes */
export async function send({ service, kernel }: Target, request: HttpRequest): Promise<HttpReply> {
  const upload = service.uploadOf(request.method, request.path);
  const ready =
    upload === undefined
      ? request
      : { ...request, body: "", received: await upload.receive(Readable.from([Buffer.from(request.body)]), request) };
  const answered = service.receive(ready);
  if (!(answered instanceof Process)) return answered;
  for (let events = 0; answered.running; events++)
    if (events > EVENTS_MAX || !kernel.step()) throw new Error("the reply never comes");
  if (answered.outcome.state !== "done")
    throw answered.outcome.state === "failed" ? answered.outcome.error : new Error();
  return answered.outcome.value;
}

/** Members of the error body of the framework with which this project serves its own APIs, and its codes. */
const isOfFramework = (text: string): boolean =>
  text.includes("FST_ERR") || /^\{"statusCode":\d+,"(?:code|error)":/.test(text);

const PRINTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The objections to a reply, one line each. */
export function* faultsOf(
  target: Target,
  route: AttackedRoute,
  request: HttpRequest,
  reply: HttpReply,
): Generator<string> {
  const at = `${route.method} ${route.path}`;
  if (reply.crash !== undefined) yield `crash: ${target.name}: ${placeOf(reply.crash.cause)}`;
  const { body, headers } = tryToSerialise(reply);
  if (body === undefined) {
    yield `unwritable: ${at}`;
    return;
  }
  for (const [name, value] of Object.entries(headers))
    for (const each of [value].flat())
      if (!PRINTABLE.test(each) || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
        yield `header ${name} can't be sent: ${at}`;
  if (isOfFramework(body)) yield `the framework shows: ${at}`;
  if (reply.status !== 500 || reply.crash !== undefined) return;
  const real = target.realFailures.find(({ fits: isReal }) => isReal(request, reply));
  if (real === undefined) yield `500 without a source: ${at}: ${body.slice(0, 120)}`;
  else if (body === "" && real.isEmpty !== true && request.method !== "HEAD") yield `empty 500: ${at}`;
}

function tryToSerialise(reply: HttpReply): {
  readonly body: string | undefined;
  readonly headers: NonNullable<HttpReply["headers"]>;
} {
  try {
    const { body, headers } = serialise(reply);
    return { body: Buffer.from(body).toString("utf8"), headers };
  } catch {
    // Reported as such: none of it would reach a client.
    return { body: undefined, headers: {} };
  }
}

/** Adds the names in a reply to its target's pool. */
export function gather({ pool }: Target, { path }: AttackedRoute, reply: HttpReply): void {
  if (reply.status >= 300) return;
  const word = path.split("/").findLast((segment) => segment !== "" && !/^[:*]/.test(segment)) ?? "";
  const isJson = /json|html/.test(replyHeader(reply, "content-type") ?? "json");
  const { body = "" } = tryToSerialise(reply);
  if (body.length > 200_000 || !isJson) return;
  try {
    pool.gather(word, JSON.parse(body));
  } catch {
    // A page, not JSON: it holds no names.
  }
}

/** Where an error was thrown: the first line of our own on its stack. */
export function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  const frame = inner.stack
    ?.split("\n")
    .find((line) => line.includes("/simulators/") && !/\/(?:fuzz|kernel\/http)\//.test(line));
  const place = /\/(simulators\/[^:)]+:\d+)/.exec(frame ?? "")?.[1] ?? "";
  return `${inner.name}: ${inner.message.slice(0, 100)} @ ${place}`;
}
