import { parse, stringify } from "yaml";
import { type HttpRequest, isObject, makeRequest, type Random } from "../kernel/index.ts";
import { hostileBody, hostileHeaders, hostileQuery, METHODS, SEGMENTS, spoil, textOf } from "./hostile.ts";
import type { AttackedRoute, Sample, Target } from "./target.ts";

/** The samples of each route. */
export function samplesByRoute(target: Target): Map<AttackedRoute, Sample[]> {
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

/** One request to a route: partly what a client sends, partly what no client should. */
export function drawRequest(
  target: Target,
  route: AttackedRoute,
  samples: readonly Sample[],
  random: Random,
): HttpRequest {
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

/** A request to a route with the contents of a sample. */
export function requestFor(target: Target, route: AttackedRoute, sample: Sample, random: Random): HttpRequest {
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

/** Escapes what no client can put on the wire as it is. */
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

/** Adds members that another client sent, so that rare and common members are combined. */
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

/** A text is damaged as YAML, or loses some of its bytes. */
function spoilText(text: string, random: Random): string {
  if (random.chance(0.2)) return text.slice(0, random.int(0, text.length)) + text.slice(random.int(0, text.length));
  try {
    const spoilt = spoil(random, parse(text));
    return random.chance(0.5) ? stringify(spoilt, { aliasDuplicateObjects: false }) : textOf(spoilt);
  } catch {
    // Not YAML after all, so it is cut.
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

/** The names that scenarios usually give their things. */
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
