import { isObject, type JsonObject, stringOf } from "../../../client/http/json.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Facts } from "./facts.ts";
import { exists } from "./rows.ts";
import { type Change, end, type Thing, type Things, type Work } from "./things.ts";

function thingOf({ path, body = {}, named }: Facts): Thing {
  const { parameters, bind_resource: bindResource } = body;
  return {
    id: path.thing.split("/").at(-1) ?? "",
    serviceId: stringOf(named.service) ?? "",
    planId: stringOf(named.plan) ?? "",
    parameters: isObject(parameters) ? parameters : {},
    bindResource: isObject(bindResource) ? bindResource : {},
    state: "being made",
    work: undefined,
    ended: undefined,
  };
}

/** What an update turns an instance into: one with the plan and the parameters of the body. */
function updateAsAsked(instance: Thing, { plan_id: planId, parameters }: JsonObject): void {
  instance.planId = stringOf(planId) ?? instance.planId;
  if (isObject(parameters)) instance.parameters = parameters;
}

/** The thing that a change is about: a new or replaced one if the change creates, else the existing one. */
function subjectOf(facts: Facts, things: Things, change: Change): Thing | undefined {
  if (change !== "provision" && change !== "bind") return facts.thing;
  const made = thingOf(facts);
  if (exists(facts.thing)) return Object.assign(facts.thing, { ...made, state: facts.thing.state });
  things.put(facts.path.thing, made);
  return made;
}

function applyTo(thing: Thing, change: Change, facts: Facts, { updates = updateAsAsked }: Behaviour): () => void {
  if (change === "provision" || change === "bind") return () => void (thing.state = "there");
  if (change === "update") return () => updates(thing, facts.body ?? {});
  return () => {
    thing.state = "gone";
    if (change === "deprovision") for (const binding of facts.bindings) binding.state = "gone";
  };
}

/** Carries out the request, at once or over time. Resolves with the thing that it is about. */
export function carryOut(
  facts: Facts,
  change: Change,
  when: "at once" | "in time",
  { behaviour, things, nowMs, workId }: { behaviour: Behaviour; things: Things; nowMs: number; workId: string },
): Thing | undefined {
  const thing = subjectOf(facts, things, change);
  if (thing === undefined) return undefined;
  const { takes = { seconds: 5 }, fails = [] } = behaviour;
  const work: Work = {
    id: workId,
    change,
    text: facts.request.text,
    endsMs: takes !== "for ever" && "seconds" in takes ? nowMs + takes.seconds * 1000 : undefined,
    pollsLeft: takes !== "for ever" && "polls" in takes ? takes.polls : undefined,
    fails: fails.includes(change),
    apply: applyTo(thing, change, facts, behaviour),
  };
  if (when === "at once") work.apply();
  else thing.work = work;
  return thing;
}

/** A poll of work that polls bring to an end. */
export function bringOn(thing: Thing): void {
  const { work } = thing;
  if (work?.pollsLeft === undefined) return;
  work.pollsLeft -= 1;
  if (work.pollsLeft <= 0) end(thing, work);
}
