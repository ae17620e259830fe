import { Readable } from "node:stream";
import {
  type HttpReply,
  type HttpRequest,
  makeRequest,
  Process,
  Random,
  replyHeader,
  serialise,
} from "../kernel/index.ts";
import { parse, stringify } from "yaml";
import { hostileBody, hostileHeaders, hostileQuery, METHODS, SEGMENTS, spoil, textOf } from "./hostile.ts";
import { basics, sweep } from "./sweep.ts";
import type { Sample, Target } from "./target.ts";

export interface CampaignOptions {
  readonly seed: number | string;
  /** Random requests to each route, and to those that take much a few times as many. */
  readonly rounds: number;
  /** The part of the systematic requests that is sent, 0 to 1: every place in what clients send, with every kind of wrong value. */
  readonly sweepShare: number;
  /** The clock of this machine, ms: finds requests that hold everything up. */
  readonly nowMs: () => number;
}

/** Something that no request may cause. */
export interface Finding {
  /** What went wrong and where, without what differs from one occurrence to the next. */
  readonly what: string;
  /** The request that showed it. */
  readonly request: string;
}

export interface CampaignReport {
  readonly requests: number;
  /** Requests that reached a handler and met what they named. */
  readonly reached: number;
  readonly findings: readonly Finding[];
}

/** Longer than any honest request takes on any machine. */
const REQUEST_MS_MAX = 5000;
/** Events of the world until a reply that takes time must have come. */
const EVENTS_MAX = 20_000;
const TICK_MS_MAX = 20_000;

type AttackedRoute = Target["service"]["routes"][number];

/** Sends hostile requests to every route of an API, and looks at each answer and at the world in between. */
export async function attack(target: Target, options: CampaignOptions): Promise<CampaignReport> {
  const { seed, rounds, sweepShare, nowMs } = options;
  const random = Random.fork(seed, `fuzz/${target.name}`);
  const findings = new Map<string, Finding>();
  const samples = samplesByRoute(target);
  let [requests, reached] = [0, 0];
  const note = (what: string, request: string): void => {
    if (!findings.has(what)) findings.set(what, { what, request });
  };
  const ask = async (route: AttackedRoute, request: HttpRequest): Promise<void> => {
    const shown = show(request);
    const beganMs = nowMs();
    const reply = await send(target, request).catch((error: unknown) => note(`thrown: ${placeOf(error)}`, shown));
    requests++;
    if (nowMs() - beganMs > REQUEST_MS_MAX) note(`slow: ${route.method} ${route.path}`, shown);
    if (reply === undefined) return;
    if (![401, 404, 405, 501].includes(reply.status)) reached++;
    // Who was locked out, by what was attacked, comes back with the world as it was.
    if (reply.status === 401 && target.isKnown?.(request) === true) target.renew?.();
    for (const what of faultsOf(target, route, request, reply)) note(what, shown);
    gather(target, route, reply);
    if (random.chance(0.05))
      advanceWorld(target, random.int(1, TICK_MS_MAX), (what) => note(what, `some time after ${shown}`));
  };
  target.renew?.();
  for (const route of target.service.routes) {
    const own = samples.get(route) ?? [];
    for (const sample of basics(own, route.method)) await ask(route, requestFor(target, route, sample, random));
    for (const sample of sweep(own, route.method))
      if (random.chance(sweepShare)) await ask(route, requestFor(target, route, sample, random));
  }
  target.renew?.();
  const turns = target.service.routes.flatMap((route) =>
    Array.from({ length: turnsOf(samples.get(route) ?? []) }, () => route),
  );
  for (let round = 0; round < rounds; round++)
    for (const route of random.shuffle(turns))
      await ask(route, drawRequest(target, route, samples.get(route) ?? [], random));
  return { requests, reached, findings: [...findings.values()] };
}

/** A route that takes much can be sent much that is wrong. */
const turnsOf = (samples: readonly Sample[]): number =>
  1 + Math.min(12, Math.floor(samples.filter(({ body }) => body !== undefined).length / 2));

/** Lets the world go on: what a request left behind must not break it later. */
function advanceWorld({ kernel }: Target, ms: number, note: (what: string) => void): void {
  const untilMs = kernel.nowMs + ms;
  for (let tries = 0; tries < 100; tries++) {
    try {
      kernel.advanceTo(untilMs);
      return;
    } catch (error) {
      note(`later: ${placeOf(error)}`);
    }
  }
}

function samplesByRoute(target: Target): Map<AttackedRoute, Sample[]> {
  const found = new Map<AttackedRoute, Sample[]>();
  const templates = target.service.routes.map((route) => [route, pathOf(target, route).split("/")] as const);
  for (const sample of target.samples) {
    const segments = (sample.path.split("?")[0] ?? "").split("/");
    for (const [route, template] of templates)
      if (route.method === sample.method && fits(template, segments))
        found.set(route, [...(found.get(route) ?? []), sample]);
  }
  return found;
}

const pathOf = ({ pathOf: of }: Target, { path }: AttackedRoute): string => of?.(path) ?? path;

const fits = (template: readonly string[], segments: readonly string[]): boolean =>
  template.at(-1)?.startsWith("*") === true
    ? template.slice(0, -1).every((part, at) => part === segments[at] || part.startsWith(":"))
    : template.length === segments.length &&
      template.every((part, at) => part.startsWith(":") || part === segments[at]);

/** One request to a route: some of it what a client sends, some of it what no client should. */
function drawRequest(target: Target, route: AttackedRoute, samples: readonly Sample[], random: Random): HttpRequest {
  const sample = samples.length > 0 && random.chance(0.85) ? random.pick(samples) : undefined;
  const method = random.chance(0.03) ? random.pick(METHODS) : route.method;
  const [path, given = ""] = (sample && fillIn(target, sample.path, random).split("?")) ?? [];
  const names = given.split("&").flatMap((pair) => (pair === "" ? [] : [pair.split("=")[0] ?? ""]));
  const query = random.chance(method === "GET" ? 0.5 : 0.1) ? hostileQuery(random, names) : given;
  return assembleRequest(target, random, {
    method,
    path: path !== undefined && random.chance(0.3) ? path : fillPath(target, route, random, HOSTILE_SEGMENT),
    query,
    body: bodyFor(target, sample && crossSamples(sample, samples, random), random),
    headers: { ...sample?.headers, ...(random.chance(0.12) && hostileHeaders(random)) },
  });
}

const HOSTILE_SEGMENT = 0.06;

/** A request to a route with what a sample says. */
function requestFor(target: Target, route: AttackedRoute, sample: Sample, random: Random): HttpRequest {
  const [, query = ""] = fillIn(target, sample.path, random).split("?");
  const { body, headers } = sample;
  const text = body === undefined ? "" : fillIn(target, typeof body === "string" ? body : textOf(body), random);
  const path = fillPath(target, route, random, 0);
  return assembleRequest(target, random, { method: route.method, path, query, body: text, headers });
}

interface Parts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function assembleRequest(
  target: Target,
  random: Random,
  { method, path, query, body: text, headers }: Parts,
): HttpRequest {
  const body = method === "GET" || method === "HEAD" ? "" : text;
  const common = {
    host: target.origin.replace(/^https?:\/\//, ""),
    ...(body !== "" && { "content-type": "application/json" }),
    ...(method !== "GET" && { "content-length": String(Buffer.byteLength(body)) }),
    ...target.caller(random),
  };
  const fields = Object.entries({ ...common, ...headers }).map(([name, value]) => [
    name,
    fillIn(target, value, random),
  ]);
  return makeRequest(method, encodeUrl(query === "" ? path : `${path}?${query}`), {
    headers: Object.fromEntries(fields),
    body: Buffer.from(body),
    origin: target.origin,
    source: "127.0.0.1",
  });
}

/** What no client can put on the wire as it is. */
const encodeUrl = (url: string): string =>
  url.replaceAll(/[^\x21-\x7e]/g, (char) => encodeURIComponent(char.toWellFormed()));

function fillPath(target: Target, route: AttackedRoute, random: Random, hostileShare: number): string {
  const template = pathOf(target, route).split("/");
  const segments = template.map((segment, at) => {
    if (!/^[:*]/.test(segment)) return segment;
    if (random.chance(hostileShare)) return random.pick(SEGMENTS);
    const words = template.slice(0, at).filter((each) => each !== "" && !/^[:*]/.test(each));
    const name = segment.slice(1);
    const own = target.variables.get(`:${name}`);
    const found = own ?? target.pool.pick(random, words.at(-1) ?? "", name, `${name}_id`) ?? target.pool.any(random);
    return encodeURIComponent(String(found).toWellFormed());
  });
  return segments.join("/");
}

function bodyFor(target: Target, sample: Sample | undefined, random: Random): string {
  if (sample?.body === undefined || random.chance(0.12)) return hostileBody(random);
  const isIntact = random.chance(0.3);
  if (typeof sample.body === "string")
    return isIntact ? fillIn(target, sample.body, random) : spoilText(sample.body, random);
  const spoilt = isIntact ? sample.body : spoil(random, sample.body);
  return fillIn(target, textOf(spoilt), random);
}

/** With what another client sent besides, so that what is rarely sent meets what is usual. */
function crossSamples(sample: Sample, samples: readonly Sample[], random: Random): Sample {
  const { body } = random.pick(samples);
  if (!isObject(sample.body) || !isObject(body) || random.chance(0.5)) return sample;
  const other = body;
  const merged = Object.entries(sample.body).map(([name, value]) => {
    const theirs = other[name];
    return [name, isObject(value) && isObject(theirs) ? { ...theirs, ...value } : value] as const;
  });
  return { ...sample, body: { ...other, ...Object.fromEntries(merged) } };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A text is YAML, or bytes of which some go missing. */
function spoilText(text: string, random: Random): string {
  if (random.chance(0.2)) return text.slice(0, random.int(0, text.length)) + text.slice(random.int(0, text.length));
  try {
    const spoilt = spoil(random, parse(text));
    return random.chance(0.5) ? stringify(spoilt, { aliasDuplicateObjects: false }) : textOf(spoilt);
  } catch {
    // No YAML after all: something to cut, then.
    return text.slice(random.int(0, text.length));
  }
}

function fillIn(target: Target, text: string, random: Random): string {
  return text.replaceAll(/\{\{([^{}]{1,40})\}\}/g, (_whole, name: string) => {
    const known = target.variables.get(name);
    if (known !== undefined) return String(known);
    return target.pool.pick(random, ...wordsFor(name)) ?? target.pool.any(random);
  });
}

/** What scenarios call their things, as far as the names are habits. */
const HABITS: readonly (readonly [RegExp, string])[] = [
  [/^s(erver)?\d?$/, "servers"],
  [/^n(et)?\d?$/, "networks"],
  [/^sub(net)?\d?$/, "subnets"],
  [/^v(ol)?\d?$/, "volumes"],
  [/^(i|im|img|image)\d?$/, "images"],
  [/^(sg|g)\d?$/, "security_groups"],
  [/^r(outer)?\d?$/, "routers"],
  [/^p(ort)?\d?$/, "ports"],
  [/^z(one)?\d?$/, "zones"],
  [/^f(ip)?\d?$/, "floatingips"],
  [/^sn(ap)?\d?$/, "snapshots"],
];
const wordsFor = (name: string): readonly string[] => [
  name,
  ...HABITS.flatMap(([pattern, word]) => (pattern.test(name) ? [word] : [])),
];

async function send({ service, kernel }: Target, request: HttpRequest): Promise<HttpReply> {
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

/** Members of the error body of the framework that this project serves its own APIs with, and of its codes. */
const isOfFramework = (text: string): boolean =>
  text.includes("FST_ERR") || /^\{"statusCode":\d+,"(?:code|error)":/.test(text);

const PRINTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

function* faultsOf(target: Target, route: AttackedRoute, request: HttpRequest, reply: HttpReply): Generator<string> {
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
    // Reported as such: nothing of it would reach a client.
    return { body: undefined, headers: {} };
  }
}

function gather({ pool }: Target, { path }: AttackedRoute, reply: HttpReply): void {
  if (reply.status >= 300) return;
  const word = path.split("/").findLast((segment) => segment !== "" && !/^[:*]/.test(segment)) ?? "";
  const isJson = /json|html/.test(replyHeader(reply, "content-type") ?? "json");
  const { body = "" } = tryToSerialise(reply);
  if (body.length > 200_000 || !isJson) return;
  try {
    pool.gather(word, JSON.parse(body));
  } catch {
    // A page, not a value: there are no names in it.
  }
}

/** Where something was thrown: the first line of our own on its stack. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  const frame = inner.stack
    ?.split("\n")
    .find((line) => line.includes("/simulators/") && !/\/(?:fuzz|kernel\/http)\//.test(line));
  const place = /\/(simulators\/[^:)]+:\d+)/.exec(frame ?? "")?.[1] ?? "";
  return `${inner.name}: ${inner.message.slice(0, 100)} @ ${place}`;
}

const show = ({ method, url, body }: HttpRequest): string =>
  `${method} ${url.slice(0, 200)} ${Buffer.from(body).toString("utf8").slice(0, 300)}`;
