import { jsonOf, reply } from "../../../osb/memory-broker/http.ts";
import { type Behaviour, RIGHT } from "../../toy/behaviour.ts";
import { copyOf } from "../../toy/engine.ts";
import { type DataMutant, dataMutant as mutant, type Wire } from "../../toy/mutants.ts";
import type { Task } from "../../toy/vault.ts";

const isOrder: (request: Parameters<Wire>[0]) => boolean = ({ method, path }) =>
  method === "POST" && path.at(-1) === "backups";

/** Changes every other poll of a backup that has ended. */
function alternating(otherwise: (task: Task) => Task): Partial<Behaviour> {
  const asked = new WeakMap<Task, number>();
  return {
    describe: (task) => {
      const count = (asked.get(task) ?? 0) + (task.state === "succeeded" ? 1 : 0);
      asked.set(task, count);
      return count % 2 === 0 && count > 0 ? otherwise(task) : task;
    },
  };
}

/** Requests during another operation are accepted, and never end. */
function sticking(): Partial<Behaviour> {
  const stuck = new WeakSet<Task>();
  return {
    isBusy: () => false,
    describe: (task, vault) => {
      const others = vault.tasks().filter((each) => each.instance === task.instance && each !== task);
      const isBeside = others.some(
        (each) => each.triggeredMs === task.triggeredMs && Number(each.id.slice(2)) < Number(task.id.slice(2)),
      );
      if (isBeside) stuck.add(task);
      return stuck.has(task) ? { ...task, state: "running" } : task;
    },
  };
}

/** A backup taken row by row while a restore changes the rows. */
const mixing: Partial<Behaviour> = {
  isBusy: () => false,
  finishDump: (dump, instance, { vault }) => {
    const other = vault.tasks().findLast((each) => each.kind === "restore" && each.instance === instance.id);
    const mixed = copyOf(dump);
    for (const [name, { rows }] of mixed.tables)
      [...rows.keys()].forEach((key, at) => {
        const row = other?.dump?.tables.get(name)?.rows.get(key);
        if (at % 2 === 1 && row !== undefined) rows.set(key, row);
      });
    return mixed;
  },
};

/** Mistakes of interfaces for backups. */
export const ORDER_MUTANTS: readonly DataMutant[] = [
  mutant(
    "BK-01",
    "claimed-and-missing",
    "Restores to a moment are claimed, but the window of moments is not found.",
    {},
    ["BK-2*"],
    async (request, next) => (request.path.at(-1) === "pitr" ? reply(404, {}) : next(request)),
  ),
  mutant(
    "BK-02",
    "state-goes-back",
    "Every other time, a backup that has succeeded is shown as running.",
    alternating((task) => ({ ...task, state: "running" })),
    ["BK-*"],
  ),
  mutant(
    "BK-02",
    "id-changes",
    "A backup is shown with another id once it has ended.",
    {},
    ["BK-*"],
    async (request, next) => {
      const answer = await next(request);
      const isAsked = request.method === "GET" && request.path.at(-2) === "backups";
      const body = jsonOf(answer);
      return isAsked && body["state"] === "succeeded"
        ? { ...answer, text: JSON.stringify({ ...body, id: "another" }) }
        : answer;
    },
  ),
  mutant(
    "BK-03",
    "unknown-backup-breaks-it",
    "The restore of a backup that does not exist is answered 500.",
    { unknownStatus: (operation) => (operation === "restore" ? 500 : 404) },
    ["BK-23", "BK-24"],
  ),
  mutant(
    "BK-03",
    "removal-of-nothing-succeeds",
    "The removal of a backup that does not exist is answered 200.",
    {},
    [],
    async (request, next) => {
      const answer = await next(request);
      return request.method === "DELETE" && request.path.at(-2) === "backups" && answer.status === 404
        ? reply(200, {})
        : answer;
    },
  ),
  mutant("BK-04", "ends-before-it-begins", "The time at which a backup ended is before that of its request.", {
    describe: (task) => (task.finishedMs === 0 ? task : { ...task, finishedMs: task.triggeredMs - 5000 }),
  }),
  mutant("BK-04", "times-without-zone", "Times of backups have no zone.", {}, ["BK-2*"], async (request, next) => {
    const answer = await next(request);
    return { ...answer, text: answer.text.replaceAll(/(T[\d:.]+)Z"/g, '$1"') };
  }),
  mutant(
    "BK-05",
    "orders-at-once-stick",
    "Of orders that come at once, the later ones are accepted and never end.",
    sticking(),
    ["BK-*"],
  ),
  mutant(
    "BK-05",
    "backup-beside-a-restore-is-mixed",
    "A backup and a restore that come at once run at once: the backup holds rows from before and after.",
    mixing,
    ["BK-1*"],
  ),
  mutant(
    "BK-05",
    "busy-breaks-it",
    "An order while another one is carried out is answered 500.",
    {},
    ["BK-06"],
    async (request, next) => {
      const answer = await next(request);
      return request.method === "POST" && answer.status === 409 ? reply(500, {}) : answer;
    },
  ),
  mutant(
    "BK-06",
    "lost-reply-makes-phantoms",
    "An order creates three records; all but the last are lost sight of.",
    { isBusy: () => false, findRepeat: () => undefined },
    ["BK-*"],
    async (request, next) => {
      if (isOrder(request)) await next(request);
      if (isOrder(request)) await next(request);
      return next(request);
    },
  ),
  mutant(
    "BK-07",
    "backup-of-nothing-is-taken",
    "A backup of an instance that does not exist is accepted.",
    {},
    [],
    async (request, next) => {
      const answer = await next(request);
      return isOrder(request) && answer.status === 404 ? reply(202, { id: "b-0", state: "queued" }) : answer;
    },
  ),
  mutant("BK-05", "busy-is-for-ever", "A refused order keeps its instance busy forever.", blocking(), ["BK-*"]),
];

/** After one refused request, an instance refuses forever. */
function blocking(): Partial<Behaviour> {
  const blocked = new Set<string>();
  return {
    isBusy: (instance, vault) => {
      if (RIGHT.isBusy(instance, vault)) blocked.add(instance.id);
      return blocked.has(instance.id);
    },
  };
}
