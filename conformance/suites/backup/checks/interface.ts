import { bodyOf, type Observation } from "../../../client/http/observation.ts";
import { isSuccess } from "../../../client/request.ts";
import { NoAnswer } from "../../../client/no-answer.ts";
import {
  type Evidence,
  fail,
  notApplicable,
  type Outcome,
  pass,
  unknown,
  warn,
  worstOf,
} from "../../../runner/check.ts";
import type { BackupClient } from "../client.ts";
import type { BackupContext } from "../context.ts";
import type { BackupOperationName } from "../interface.ts";
import { backupCheck } from "../plan.ts";

/** The requests that change nothing, by the claim that requires them. */
const LOOKS: readonly (readonly [claim: "B1" | "B3" | "B4" | "B5", operation: BackupOperationName])[] = [
  ["B1", "list"],
  ["B3", "window"],
  ["B4", "sources"],
  ["B5", "settings"],
];

async function judgeDeclared(context: BackupContext): Promise<Outcome> {
  const { client, live } = await context.apiStage();
  const { claims } = client.api;
  if (claims === undefined)
    return notApplicable("no capability is declared, neither in the catalog nor in drydock.yml", context.run.catalog);
  const answers: Observation[] = [];
  for (const [claim, operation] of LOOKS) {
    if (!claims.includes(claim) || !client.can(operation)) continue;
    const answer = await client.ask(operation, { instance: live.id });
    if (!isSuccess(answer)) return fail(`"${operation}", as ${claim} is claimed`, String(answer.status), answer);
    answers.push(answer);
  }
  return pass(...answers);
}

const ORDER = ["queued", "running", "succeeded"];

/**
 * Follows a backup answer by answer: its id stays the same, and no answer shows less progress than the
 * previous one.
 */
async function progress(context: BackupContext): Promise<Outcome> {
  const { client, live } = await context.apiStage("B1", "create", "get");
  const begun = await client.begin(live.id);
  const seen: Observation[] = [];
  const backup = await client.follow("create", begun);
  if (backup.state === "refused") return unknown(`a backup is refused: ${begun.began.status}`, begun.began);
  if (backup.state === "lost" || backup.state === "timed-out")
    return fail("a backup that ends", backup.state, begun.began, backup.last);
  for (let at = 0; at < 3; at++) seen.push(await client.ask("get", { instance: live.id, backup: backup.id }));
  const evidence = [begun.began, backup.last, ...seen.slice(-1)];
  for (const answer of seen) {
    const [state, id] = [client.stateOf(bodyOf(answer)), client.idOf(bodyOf(answer))];
    if (state !== backup.state)
      return fail(`a backup that has ended to stay ${backup.state}`, String(state), backup.last, answer);
    if (id !== undefined && id !== backup.id)
      return fail("one id for one backup", `${backup.id}, then ${id}`, begun.began, answer);
  }
  return (await judgeStates(client, live.id)) ?? pass(...evidence);
}

/** A second backup, polled as often as time allows. */
async function judgeStates(client: BackupClient, instance: string): Promise<Outcome | undefined> {
  const begun = await client.begin(instance);
  const id = client.idOf(bodyOf(begun.began), client.require("create").id);
  const { clock, pollMsMin } = client.platform.settings;
  let last = { rank: -1, answer: begun.began };
  for (let asked = 0; id !== undefined && asked < 20; asked++) {
    const answer = await client.ask("get", { instance, backup: id });
    const state = client.stateOf(bodyOf(answer));
    const rank = ORDER.indexOf(state ?? "");
    if (rank >= 0 && rank < last.rank)
      return fail("a state that never goes back", `${ORDER[last.rank]}, then ${state}`, last.answer, answer);
    if (rank >= 0) last = { rank, answer };
    if (state !== undefined && state !== "queued" && state !== "running") return undefined;
    await clock.sleepMs(pollMsMin);
  }
  return undefined;
}

async function unknownIds(context: BackupContext): Promise<Outcome> {
  const { client, live } = await context.apiStage("B1", "list");
  const before = client.entriesOf(await client.ask("list", { instance: live.id }))?.length;
  const outcomes: Outcome[] = [];
  for (const operation of (["get", "restore", "delete", "download"] as const).filter((each) => client.can(each))) {
    if (!client.require(operation).path.includes("{backup}") && operation !== "restore") continue;
    const answer = await client.ask(operation, { instance: live.id, backup: context.platform.newId() });
    const expected = `${operation} of a backup that does not exist to be answered 404 or 410`;
    const isRefused = answer.status >= 400 && answer.status < 500;
    outcomes.push(
      [404, 410].includes(answer.status)
        ? pass(answer)
        : (isRefused ? warn : fail)(expected, String(answer.status), answer),
    );
  }
  const last = await client.ask("list", { instance: live.id });
  if (client.entriesOf(last)?.length !== before)
    return fail("no backup to come of it", "another number of backups in the list", last);
  const worst = worstOf(outcomes);
  return worst.verdict === "pass" ? pass(...outcomes.flatMap(({ evidence }) => evidence ?? [])) : worst;
}

/** The connection breaks before the answer comes; the platform repeats the request. */
async function lostReply(context: BackupContext): Promise<Outcome> {
  const { client, live } = await context.apiStage("B1", "create", "list");
  const headers = { "Idempotency-Key": context.platform.newId() };
  if ("X-Broker-API-Request-Identity" in client.requestFor(client.require("create"), { instance: live.id }).headers)
    Object.assign(headers, { "X-Broker-API-Request-Identity": headers["Idempotency-Key"] });
  await client.begin(live.id, { headers, abandon: true }).catch((error: unknown) => {
    if (!(error instanceof NoAnswer)) throw error;
  });
  const again = await client.create(live.id, { headers });
  const busy = again.state === "refused" && [409, 422, 423].includes(again.began.status);
  if (again.state === "refused" && !busy)
    return fail(
      "an order that is sent twice to be accepted, or refused as busy",
      String(again.began.status),
      again.began,
    );
  const list = await waitUntilEnded(client, live.id);
  const entries = client.entriesOf(list) ?? [];
  const open = entries.filter((each) => ["queued", "running"].includes(client.stateOf(each) ?? ""));
  const evidence: Evidence[] = [again.began, list];
  if (open.length > 0) return fail("every backup that is listed to end", `${open.length} that do not`, ...evidence);
  if (entries.length > 2)
    return fail("at most two backups from an order that was sent twice", String(entries.length), ...evidence);
  return pass(...evidence);
}

/** The list, once nothing in it is in progress, or time is up. */
async function waitUntilEnded(client: BackupClient, instance: string): Promise<Observation> {
  const { clock, operationMsMax, pollMsMax, signal } = client.platform.settings;
  const endMs = clock.nowMs() + operationMsMax;
  for (;;) {
    const list = await client.ask("list", { instance });
    const states = (client.entriesOf(list) ?? []).map((each) => client.stateOf(each) ?? "");
    if (!states.some((each) => each === "queued" || each === "running") || clock.nowMs() > endMs) return list;
    await clock.sleepMs(pollMsMax, signal);
  }
}

async function notReady(context: BackupContext): Promise<Outcome> {
  const { client, live, offer } = await context.apiStage("B1", "create");
  await context.platform.settle(offer, await context.platform.deprovision(offer, live.id));
  const outcomes: Outcome[] = [];
  for (const instance of [live.id, context.platform.newId()]) {
    const answer = await client.ask("create", { instance });
    const isRefused = answer.status >= 400 && answer.status < 500;
    const expected = "a backup of an instance that does not exist to be refused";
    if (!isRefused) return fail(expected, String(answer.status), answer);
    outcomes.push(pass(answer));
  }
  return pass(...outcomes.flatMap(({ evidence }) => evidence ?? []));
}

/** BK-01: a capability that is declared is there. */
export const declaredCheck = backupCheck("BK-01", {
  requirement: "Everything that the catalog, or drydock.yml, claims of backups can be requested.",
  run: judgeDeclared,
});

/** BK-02: a backup ends, and its state never goes back. */
export const progressCheck = backupCheck("BK-02", {
  requirement:
    "A backup reaches a final state within its time and keeps it; its id stays; no answer shows less progress than one before.",
  run: progress,
});

/** BK-03: an unknown id is not found. */
export const unknownIdsCheck = backupCheck("BK-03", {
  requirement: "Any request about a backup that does not exist is answered 404 or 410, and has no effect.",
  run: unknownIds,
});

/** BK-06: a lost reply costs one backup at most. */
export const lostReplyCheck = backupCheck("BK-06", {
  requirement:
    "An order that is repeated after its answer was lost creates at most one backup too many, and every backup that is listed ends.",
  run: lostReply,
});

/** BK-07: an instance that is not ready is refused. */
export const notReadyCheck = backupCheck("BK-07", {
  requirement: "A backup of an instance that was removed, or never existed, is refused.",
  run: notReady,
});
