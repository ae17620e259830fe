import { isObject, type JsonObject, stringOf } from "../client/http/json.ts";
import { bodyOf } from "../client/http/observation.ts";
import type { Answer } from "../client/answer.ts";
import { areBindingsRetrievable, areInstancesRetrievable, isBindable, type Offer } from "../client/catalog.ts";
import { type OsbClient } from "../client/osb-client.ts";
import { type RequestOptions } from "../client/request.ts";
import { type EndedOperation, stateOf } from "../client/polling.ts";
import { notApplicable, type Outcome, unknown, Verdicted } from "../runner/check.ts";
import { bindBodyFor, changesOf, otherParameters, otherPlan, parametersOf, provisionBodyFor, type Shared } from "./context.ts";

/**
 * What happens to requests while an operation is in progress. Where the backend can be held, it is; elsewhere the requests
 * follow on the heels of the first, and a poll at the end tells whether it was still in progress then.
 */
export interface Flight {
  readonly offer: Offer;
  /** The answer that began it. */
  readonly started: Answer;
  /** What was asked meanwhile, by name. */
  readonly meanwhile: Readonly<Record<string, Answer | undefined>>;
  /** False when the operation had already ended: then `meanwhile` proves nothing. */
  readonly wasRunning: boolean;
  readonly ended: EndedOperation;
  /** What was asked after the end, by name. */
  readonly afterwards: Readonly<Record<string, Answer | undefined>>;
}

type Asked = Record<string, Answer | undefined>;
const flagged = { accepts_incomplete: "true" };
const race = { intent: "race" } as const;

/** Ends the check that needs this flight when there was none. */
function grounded(started: Answer): never {
  if (started.status === 200 || started.status === 201) {
    throw new Verdicted(notApplicable(`the broker answered ${started.status}: nothing was in progress`, started));
  }
  throw new Verdicted(unknown(`an operation had to be begun, but that was answered ${started.status}`, started));
}

interface Plan {
  readonly begin: () => Promise<Answer>;
  readonly meanwhile: (started: Answer) => Promise<Asked>;
  readonly afterwards?: (asked: Asked) => Promise<Asked>;
}

async function fly(platform: OsbClient, shared: Shared, offer: Offer, plan: Plan): Promise<Flight> {
  const { backend } = shared.run;
  await backend.hold?.();
  try {
    const started = await plan.begin();
    if (started.status !== 202) grounded(started);
    const meanwhile = await plan.meanwhile(started);
    const last = await platform.poll(offer, started, race);
    const wasRunning = stateOf(last) === undefined || meanwhile["deletion"] !== undefined;
    await backend.release?.();
    const ended = await platform.settle(offer, meanwhile["deletion"]?.status === 202 ? meanwhile["deletion"] : started);
    return { offer, started, meanwhile, wasRunning, ended, afterwards: (await plan.afterwards?.(meanwhile)) ?? {} };
  } finally {
    await backend.release?.();
  }
}

/** An instance made with a platform of a story, before the backend is held. */
async function ready(platform: OsbClient, shared: Shared, offer: Offer): Promise<string> {
  const id = platform.newId();
  const answer = await platform.provision(offer, id, { query: flagged, body: provisionBodyFor(shared.run, offer) });
  const settled = await platform.settle(offer, answer);
  if (settled.state === "succeeded") return id;
  throw new Verdicted(unknown(`it needs an instance, but provisioning one was answered ${answer.status}`, answer));
}

/** The same request with something else in it that the catalog allows: other parameters, else another plan. */
export function conflicting(shared: Shared, offer: Offer): JsonObject | undefined {
  const body = provisionBodyFor(shared.run, offer);
  const parameters = otherParameters(shared.run, offer, "create");
  if (parameters !== undefined) return { ...body, parameters };
  const other = otherPlan(shared.run, offer);
  if (other === undefined) return undefined;
  const own = parametersOf(shared.run, other, "provision");
  const { parameters: _, ...rest } = body;
  return { ...rest, plan_id: other.plan.id, ...(own === undefined ? {} : { parameters: own }) };
}

export function flightOfProvision(shared: Shared, offer: Offer): Promise<Flight> {
  return shared.once(`flight provision ${offer.plan.id}`, (platform) => {
    const instanceId = platform.newId();
    const body = provisionBodyFor(shared.run, offer);
    const put = (sent: JsonObject, options: RequestOptions = {}) =>
      platform.provision(offer, instanceId, { query: flagged, body: sent, ...options });
    return fly(platform, shared, offer, {
      begin: () => put(body),
      async meanwhile() {
        const isRetrievable = shared.run.minor >= 14 && areInstancesRetrievable(offer);
        const fetched = isRetrievable ? await platform.send("fetch-instance", { instanceId, ...race }) : undefined;
        const resent = await put(body, race);
        const other = conflicting(shared, offer);
        const conflict = other === undefined ? undefined : await put(other, race);
        const change = changesOf(shared.run, offer)[0];
        const update =
          change === undefined
            ? undefined
            : await platform.send("update", { instanceId, query: flagged, body: change.body, ...race });
        const bindBody = bindBodyFor(shared.run, offer);
        const bind = isBindable(offer)
          ? await platform.bind(offer, instanceId, platform.newId(), { query: flagged, body: bindBody, ...race })
          : undefined;
        return { fetched, resent, conflict, update, bind };
      },
    });
  });
}

/** Deletes an instance while it is being made. */
export function flightOfEarlyDeletion(shared: Shared, offer: Offer): Promise<Flight> {
  return shared.once(`flight early deletion ${offer.plan.id}`, (platform) => {
    const instanceId = platform.newId();
    const body = provisionBodyFor(shared.run, offer);
    return fly(platform, shared, offer, {
      begin: () => platform.provision(offer, instanceId, { query: flagged, body }),
      async meanwhile(started) {
        const deletion = await platform.deprovision(offer, instanceId, race);
        const polled = await pollDeletion(platform, offer, started, deletion);
        return { deletion, polled };
      },
      async afterwards({ deletion }) {
        if (deletion?.status === 422) return {};
        return { again: await platform.deprovision(offer, instanceId, race) };
      },
    });
  });
}

/** After a synchronous deletion the first operation is asked about, after an asynchronous one the deletion. */
function pollDeletion(
  platform: OsbClient,
  offer: Offer,
  started: Answer,
  deletion: Answer,
): Promise<Answer | undefined> {
  if (deletion.status === 200) return platform.poll(offer, started, { ...race, polled: deletion.operation });
  return deletion.status === 202 ? platform.poll(offer, deletion, race) : Promise.resolve(undefined);
}

export function flightOfUpdate(shared: Shared, offer: Offer): Promise<Flight> {
  return shared.once(`flight update ${offer.plan.id}`, async (platform) => {
    const change = changesOf(shared.run, offer)[0];
    if (change === undefined) throw new Verdicted(notApplicable("no update can be formed"));
    const instanceId = await ready(platform, shared, offer);
    const patch = (options: RequestOptions) =>
      platform.send("update", { instanceId, query: flagged, body: change.body, ...options });
    return fly(platform, shared, offer, {
      begin: () => patch({}),
      async meanwhile() {
        const isRetrievable = shared.run.minor >= 14 && areInstancesRetrievable(offer);
        const fetched = isRetrievable ? await platform.send("fetch-instance", { instanceId, ...race }) : undefined;
        const resent = await patch(race);
        const bind = isBindable(offer)
          ? await platform.bind(offer, instanceId, platform.newId(), {
              query: flagged,
              body: bindBodyFor(shared.run, offer),
              ...race,
            })
          : undefined;
        const busyDeletion = await platform.deprovision(offer, instanceId, race);
        return { fetched, resent, bind, busyDeletion };
      },
    });
  });
}

export function flightOfDeprovision(shared: Shared, offer: Offer): Promise<Flight> {
  return shared.once(`flight deprovision ${offer.plan.id}`, async (platform) => {
    const instanceId = await ready(platform, shared, offer);
    return fly(platform, shared, offer, {
      begin: () => platform.deprovision(offer, instanceId),
      meanwhile: async () => ({ resent: await platform.deprovision(offer, instanceId, race) }),
    });
  });
}

/** The body of a bind that differs in a way that the catalog allows. */
export function conflictingBind(shared: Shared, offer: Offer): JsonObject | undefined {
  const parameters = otherParameters(shared.run, offer, "bind");
  return parameters === undefined ? undefined : { ...bindBodyFor(shared.run, offer), parameters };
}

export function flightOfBind(shared: Shared, offer: Offer): Promise<Flight> {
  return shared.once(`flight bind ${offer.plan.id}`, async (platform) => {
    const instanceId = await ready(platform, shared, offer);
    const bindingId = platform.newId();
    const body = bindBodyFor(shared.run, offer);
    const put = (id: string, sent: JsonObject, options: RequestOptions = {}) =>
      platform.bind(offer, instanceId, id, { query: flagged, body: sent, ...options });
    return fly(platform, shared, offer, {
      begin: () => put(bindingId, body),
      async meanwhile() {
        const isRetrievable = areBindingsRetrievable(offer);
        const fetched = isRetrievable
          ? await platform.send("fetch-binding", { instanceId, bindingId, ...race })
          : undefined;
        const resent = await put(bindingId, body, race);
        const other = conflictingBind(shared, offer);
        const conflict = other === undefined ? undefined : await put(bindingId, other, race);
        const second = await put(platform.newId(), body, race);
        return { fetched, resent, conflict, second };
      },
    });
  });
}

/** Removes a binding while it is being made. */
export function flightOfEarlyUnbind(shared: Shared, offer: Offer): Promise<Flight> {
  return shared.once(`flight early unbind ${offer.plan.id}`, async (platform) => {
    const instanceId = await ready(platform, shared, offer);
    const bindingId = platform.newId();
    const body = bindBodyFor(shared.run, offer);
    return fly(platform, shared, offer, {
      begin: () => platform.bind(offer, instanceId, bindingId, { query: flagged, body }),
      async meanwhile(started) {
        const deletion = await platform.unbind(offer, instanceId, bindingId, race);
        return { deletion, polled: await pollDeletion(platform, offer, started, deletion) };
      },
      async afterwards({ deletion }) {
        if (deletion?.status === 422) return {};
        return { again: await platform.unbind(offer, instanceId, bindingId, race) };
      },
    });
  });
}

export function flightOfUnbind(shared: Shared, offer: Offer): Promise<Flight> {
  return shared.once(`flight unbind ${offer.plan.id}`, async (platform) => {
    const instanceId = await ready(platform, shared, offer);
    const bindingId = platform.newId();
    const body = bindBodyFor(shared.run, offer);
    const bound = await platform.settle(
      offer,
      await platform.bind(offer, instanceId, bindingId, { query: flagged, body }),
    );
    if (bound.state !== "succeeded") {
      throw new Verdicted(unknown(`it needs a binding, but that was answered ${bound.answer.status}`, bound.answer));
    }
    return fly(platform, shared, offer, {
      begin: () => platform.unbind(offer, instanceId, bindingId),
      meanwhile: async () => ({ resent: await platform.unbind(offer, instanceId, bindingId, race) }),
    });
  });
}

/** The exchanges of a flight, as evidence. */
export function evidenceOf(flight: Flight): Answer[] {
  return [flight.started, ...Object.values(flight.meanwhile), ...Object.values(flight.afterwards)].filter(
    (answer) => answer !== undefined,
  );
}

/** Judges one answer of a flight; not applicable when it was not asked or the operation had ended by then. */
export function inFlight(flight: Flight, name: string, judge: (answer: Answer) => Outcome): Outcome {
  const answer = flight.meanwhile[name];
  if (answer === undefined) return notApplicable("the catalog gives no way to ask this meanwhile", flight.started);
  if (!flight.wasRunning) {
    return notApplicable("the operation had ended by then, and there is no way to hold it", ...evidenceOf(flight));
  }
  return judge(answer);
}

export function operationOf(answer: Answer): string | undefined {
  return isObject(answer.json) ? stringOf(bodyOf(answer)["operation"]) : undefined;
}
