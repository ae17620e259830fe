import { type Evidence, fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { CANARY, createWorking, evidenceOf, secretsOf, shownIn } from "../traces.ts";

async function judgeLogs(context: IsolationContext): Promise<Outcome> {
  context.requireLook("logs");
  const tenant = await createWorking(context);
  await context.unbindAndWait(tenant);
  const shown = shownIn(await context.look("logs", tenant.live.id), {
    ...secretsOf(tenant),
    "what a tenant wrote": CANARY,
  });
  return shown === undefined
    ? pass(...evidenceOf(context, tenant))
    : fail("no secret in a log", shown, ...evidenceOf(context, tenant));
}

/** Compares lines of name and value of two instances: no value may occur in both. */
async function judgeShared(context: IsolationContext): Promise<Outcome> {
  context.requireLook("secrets");
  const [a, b] = [await createWorking(context), await createWorking(context)];
  const valuesOf = (lines: readonly string[]): ReadonlyMap<string, string> =>
    new Map(lines.map((line) => [line.slice(line.indexOf(" ") + 1), line.split(" ")[0] ?? ""] as const));
  const [first, second] = [
    valuesOf(await context.look("secrets", a.live.id)),
    valuesOf(await context.look("secrets", b.live.id)),
  ];
  if (first.size === 0 || second.size === 0) return unknown("no internal secret is shown", ...evidenceOf(context, a));
  const same = [...first].find(([value]) => second.has(value));
  const evidence = [...evidenceOf(context, a), ...evidenceOf(context, b)];
  return same === undefined
    ? pass(...evidence)
    : fail("internal secrets that each instance has to itself", `"${same[1]}" is the same in two`, ...evidence);
}

async function judgeStreams(context: IsolationContext): Promise<Outcome> {
  context.requireLook("tenant-logs");
  const [own, other] = [await createWorking(context), await createWorking(context)];
  const lines = await context.look("tenant-logs", own.live.id);
  const { username, database, host } = other.access.login;
  const shown = shownIn(lines, {
    ...secretsOf(other),
    "another's id": other.live.id,
    "another's user": username,
    "another's database": database,
    "another's host": host,
  });
  const evidence = [...evidenceOf(context, own), ...evidenceOf(context, other)];
  return shown === undefined ? pass(...evidence) : fail("a tenant's own logs and metrics alone", shown, ...evidence);
}

/** A rule as an operator's hook prints it: `CIDR PORT` or `CIDR *`. */
async function judgeRules(context: IsolationContext): Promise<Outcome> {
  context.requireLook("rules");
  const tenant = await createWorking(context);
  const lines = await context.look("rules", tenant.live.id);
  if (lines.length === 0) return unknown("no rule of a bound instance is shown", ...evidenceOf(context, tenant));
  const wide = lines.find((line) => /(^|\s)(0\.0\.0\.0|::)?\/0\b/.test(line));
  if (wide !== undefined) return fail("no rule for everybody", wide, ...evidenceOf(context, tenant));
  const open = lines.find((line) => /\s(\*|any|0|1-65535|1:65535)$/.test(line));
  return open === undefined
    ? pass(...evidenceOf(context, tenant))
    : fail("no rule for every port", open, ...evidenceOf(context, tenant));
}

/** Looks for remaining data, in places that only an operator sees, once an instance is gone and another one exists. */
async function judgeLeftovers(context: IsolationContext, look: string, expected: string): Promise<Outcome> {
  context.requireLook(look);
  const old = await createWorking(context);
  const { offer, id } = old.live;
  await context.unbindAndWait(old);
  const gone = await context.platform.settle(offer, await context.platform.deprovision(offer, id));
  if (gone.state !== "succeeded" && gone.state !== "gone")
    return unknown(`it needs an instance that is gone, but its removal ended ${gone.state}`, gone.answer);
  const next = await context.osb.freshOf(offer);
  const shown = shownIn(await context.look(look, next.id), {
    ...secretsOf(old),
    "what a tenant wrote": CANARY,
    "the id of what is gone": id,
  });
  const evidence: Evidence[] = [old.bound, gone.answer, next.provisioned.answer];
  return shown === undefined ? pass(...evidence) : fail(expected, shown, ...evidence);
}

async function judgeCallbacks(context: IsolationContext): Promise<Outcome> {
  context.requireLook("callbacks");
  const [own, other] = [await createWorking(context), await createWorking(context)];
  const lines = await context.look("callbacks", own.live.id);
  const shown = shownIn(lines, {
    ...secretsOf(own),
    "the password of another's binding": other.access.login.password,
    "another's id": other.live.id,
  });
  return shown === undefined
    ? pass(...evidenceOf(context, own))
    : fail("callbacks without credentials, about their own instance", shown, ...evidenceOf(context, own));
}

/** IS-28: instances share no internal secret. */
export const sharedCheck = isolationCheck("IS-28", {
  requirement: "Passwords of replication, cookies and secrets of agents differ in each instance.",
  instances: 2,
  run: judgeShared,
});

/** IS-30: no secret is logged. */
export const logsCheck = isolationCheck("IS-30", {
  requirement: "No log of the platform holds a password of a binding, or what a tenant wrote.",
  run: judgeLogs,
});

/** IS-31: logs and metrics are apart. */
export const streamsCheck = isolationCheck("IS-31", {
  requirement: "The logs and metrics that a tenant is shown hold nothing of another one.",
  instances: 2,
  run: judgeStreams,
});

/** IS-44: rules are tight. */
export const rulesCheck = isolationCheck("IS-44", {
  requirement: "No rule admits everybody, and none opens every port.",
  run: judgeRules,
});

/** IS-55: a disk is empty when it is reused. */
export const diskCheck = isolationCheck("IS-55", {
  requirement: "The disk of a new instance holds nothing of one that is gone.",
  instances: 2,
  run: (context) => judgeLeftovers(context, "disk", "a disk without its former data"),
});

/** IS-56: nothing is left of an instance. */
export const orphansCheck = isolationCheck("IS-56", {
  requirement: "Disks, snapshots, ports, groups and records of an instance go with it.",
  instances: 2,
  run: (context) => judgeLeftovers(context, "orphans", "nothing of an instance that is gone"),
});

/** IS-57: nothing temporary is left. */
export const temporaryCheck = isolationCheck("IS-57", {
  requirement: "Temporary files, cores and swap hold nothing of an instance that is gone.",
  instances: 2,
  run: (context) => judgeLeftovers(context, "temporary", "nothing temporary of an instance that is gone"),
});

/** IS-72: callbacks carry nothing. */
export const callbacksCheck = isolationCheck("IS-72", {
  requirement: "A broker's callbacks hold no credentials, and nothing of another instance.",
  instances: 2,
  run: judgeCallbacks,
});
