import { type Observation } from "../../../client/http/observation.ts";
import { isSuccess } from "../../../client/request.ts";
import type { Answer } from "../../../client/answer.ts";
import { type Evidence, fail, type Outcome, pass, unknown, warn } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { ERROR_RATE, measureInTurns, permutationTest } from "../timing.ts";

/** Ids as they appear in a path, already encoded. */
const HOSTILE_IDS: readonly string[] = [
  "%2e%2e",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "..%2fcatalog",
  "%00",
  "%27%20OR%20%271%27%3D%271",
  "%22%3B%20DROP%20TABLE%20instances%3B--",
  "%24%7B7*7%7D",
  "%7B%7B7*7%7D%7D",
  "%3C%25%3D%207*7%20%25%3E",
  "%0d%0aSet-Cookie%3A%20a%3Db",
  "%60id%60",
  "%D0%B0dmin",
  "x".repeat(5000),
];

const REFUSED = [400, 404, 405, 410, 414, 422, 431];

async function judgeIds(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const live = await context.osb.liveOf(offer);
  const evidence: Evidence[] = [];
  for (const id of HOSTILE_IDS)
    for (const operation of ["fetch-instance", "fetch-binding", "deprovision", "unbind"] as const) {
      const isBinding = operation.endsWith("binding") || operation === "unbind";
      const query = operation.startsWith("fetch") ? {} : { query: context.platform.deletionOf(offer, live.id) };
      const { url, ...request } = context.platform.requestFor(operation, {
        instanceId: isBinding ? live.id : "DRYDOCK",
        bindingId: "DRYDOCK",
        ...query,
      });
      const answer = await context.platform.exchange({ ...request, url: url.replace("DRYDOCK", id) });
      const expected = "a hostile id to be refused like an unknown one";
      if (isSuccess(answer) || answer.status >= 500) return fail(expected, String(answer.status), answer);
      if (!REFUSED.includes(answer.status)) return warn(expected, String(answer.status), answer);
      evidence.push(answer);
    }
  return pass(...evidence.slice(0, 6));
}

/** How many times each of two kinds of answer is timed. */
const TIMED = 10;

/** An answer without the parts that must differ: ids, and whatever changes each time. */
const shapeOf = ({ status, bytes }: Observation, ...ids: readonly string[]): string =>
  ids.reduce((text, id) => text.replaceAll(id, "ID"), `${status} ${Buffer.from(bytes).toString("utf8")}`);

async function judgeOracle(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const via = await context.osb.liveOf(offer);
  const owner = await context.createOwner(offer);
  const nobodys = context.platform.newId();
  const ask = (bindingId: string) => (): Promise<Answer> =>
    context.platform.send("fetch-binding", { instanceId: via.id, bindingId });
  const [foreign, random] = [await ask(owner.binding.id)(), await ask(nobodys)()];
  if (isSuccess(foreign)) return unknown("the binding of another instance is given out: see IS-06", foreign);
  if (shapeOf(foreign, owner.binding.id, via.id) !== shapeOf(random, nobodys, via.id))
    return fail(
      "the same answer for a binding of another instance as for an unknown one",
      `${foreign.status} and ${random.status}, not alike`,
      foreign,
      random,
    );
  const { a, b } = await measureInTurns(TIMED, [ask(owner.binding.id), ask(nobodys)], ({ elapsedMs }) => elapsedMs);
  const p = permutationTest(a, b);
  const found = `p = ${p.toFixed(4)} by a permutation test of ${TIMED} answers of each kind; error rate ${ERROR_RATE}`;
  if (p < ERROR_RATE) return warn("the same time for both", found, foreign, random);
  return { ...pass(foreign, random), reason: found };
}

/** Details that belong in a log, not in an answer. */
const LOUD: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a stack trace", /\n?\s+at .+\(.+:\d+(:\d+)?\)|Traceback \(most recent|goroutine \d+|\.java:\d+\)|\.rb:\d+:in /],
  ["a path of the server", /\/(home|var\/vcap|usr\/lib|opt|app)\/[\w./-]+|node_modules/],
  ["SQL", /\b(SELECT|INSERT|UPDATE|DELETE)\b.+\b(FROM|INTO|SET|WHERE)\b|SQLSTATE|syntax error at or near/],
  ["an internal address", /\b(10|192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d{1,3}){2,3}(:\d+)?\b/],
];

async function judgeErrors(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const live = await context.osb.liveOf(offer);
  const text = { "Content-Type": "application/json" };
  const body = context.osb.provisionBody(offer);
  const provoked: readonly (readonly [
    "provision" | "bind" | "update",
    Parameters<IsolationContext["platform"]["send"]>[1],
  ])[] = [
    ["provision", { text: "{" }],
    ["provision", { text: "[]" }],
    ["provision", { body: { ...body, service_id: 5 } }],
    ["provision", { body: { ...body, parameters: "drydock" } }],
    ["provision", { text: `${"[".repeat(3000)}${"]".repeat(3000)}` }],
    ["bind", { text: "nonsense" }],
    ["bind", { body: { service_id: null } }],
    ["update", { body: { service_id: offer.service.id, plan_id: "drydock'\"" } }],
  ];
  const evidence: Evidence[] = [];
  for (const [operation, options] of provoked) {
    const instanceId = operation === "provision" ? context.platform.newId() : live.id;
    const answer = await context.platform.send(operation, {
      instanceId,
      bindingId: context.platform.newId(),
      query: { accepts_incomplete: "true" },
      headers: text,
      intent: "bad",
      ...options,
    });
    const shown = Buffer.from(answer.bytes).toString("utf8");
    const [what] = LOUD.find(([, pattern]) => pattern.test(shown)) ?? [];
    if (what !== undefined) return fail("an error that reveals nothing internal", what, answer);
    evidence.push(answer);
  }
  return pass(...evidence);
}

/** IS-12: hostile ids are refused or harmless. */
export const idsCheck = isolationCheck("IS-12", {
  requirement:
    "Ids with paths, quotes, line ends, templates or look-alike letters, and very long ids, are answered like unknown ids.",
  run: judgeIds,
});

/** IS-13: what is not yours looks like what is not there. */
export const oracleCheck = isolationCheck("IS-13", {
  requirement: `The binding of another instance is answered like an unknown one: in status, body and, by a seeded permutation test that is wrong once in ${1 / ERROR_RATE} runs, time.`,
  instances: 2,
  run: judgeOracle,
});

/** IS-15: errors are quiet. */
export const errorsCheck = isolationCheck("IS-15", {
  requirement: "No error shows a stack trace, a path, a statement or an internal address.",
  run: judgeErrors,
});
