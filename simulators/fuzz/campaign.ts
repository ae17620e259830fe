import { type HttpRequest, Random } from "../kernel/index.ts";
import { faultsOf, gather, placeOf, send } from "./replies.ts";
import { drawRequest, requestFor, samplesByRoute } from "./requests.ts";
import { basics, sweep } from "./sweep.ts";
import type { AttackedRoute, Sample, Target } from "./target.ts";

/** How hard an attack is. */
interface CampaignOptions {
  readonly seed: number | string;
  /** Random requests to each route; routes with many parameters get a few times as many. */
  readonly rounds: number;
  /** The fraction of the systematic requests to send, 0 to 1. All of them: each kind of wrong value in every place of what clients send. */
  readonly sweepShare: number;
  /** The clock of this machine, ms: finds requests that block everything else. */
  readonly nowMs: () => number;
}

/** Something that no request may cause. */
interface Finding {
  /** The failure and its place, without details that differ between occurrences. */
  readonly what: string;
  /** The request that showed it. */
  readonly request: string;
}

/** The results of an attack. */
interface CampaignReport {
  readonly requests: number;
  /** Requests that reached a handler and found what they named. */
  readonly reached: number;
  readonly findings: readonly Finding[];
}

/** Longer than any honest request takes on any machine. */
const REQUEST_MS_MAX = 5000;
const TICK_MS_MAX = 20_000;

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
    // Restoring the world also unlocks users that the attack has locked out.
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

/** How many random requests a route gets: the more it takes, the more can be wrong with a request. */
const turnsOf = (samples: readonly Sample[]): number =>
  1 + Math.min(12, Math.floor(samples.filter(({ body }) => body !== undefined).length / 2));

/** Lets time pass: what a request left behind must not break the world later. */
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

const show = ({ method, url, body }: HttpRequest): string =>
  `${method} ${url.slice(0, 200)} ${Buffer.from(body).toString("utf8").slice(0, 300)}`;
