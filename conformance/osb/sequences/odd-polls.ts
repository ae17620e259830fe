import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import { planIds } from "../../client/request.ts";
import { Verdicted } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import type { ThingKind } from "../model/deletions.ts";
import { obstacleIn } from "../model/stages.ts";
import { asyncBindOffer, asyncOffer } from "./asynchronous-plans.ts";
import { operationOf } from "./flights/flight.ts";

/** Polls of one operation in unusual forms, between two ordinary ones that show what difference the form makes. */
export interface OddPolls {
  readonly started: Answer;
  readonly first: Answer;
  /** With an empty `service_id`, and with an empty `plan_id`. */
  readonly malformed: readonly Answer[];
  /** With an operation that the broker never returned. */
  readonly invented: Answer;
  /** Without `service_id` and `plan_id`. */
  readonly bare: Answer;
  /** Without the operation; undefined if none was returned. */
  readonly unnamed: Answer | undefined;
  readonly last: Answer;
}

const bad = { intent: "bad" } as const;

async function pollOddly(platform: OsbClient, kind: ThingKind, offer: Offer, started: Answer): Promise<OddPolls> {
  const { instanceId, bindingId } = started;
  const operation = operationOf(started);
  const named = operation === undefined ? {} : { operation };
  const ask = (query: Readonly<Record<string, string>>) =>
    platform.send(`poll-${kind}`, { instanceId, bindingId, query, ...bad });
  const first = await platform.poll(offer, started);
  return {
    started,
    first,
    malformed: [
      await ask({ ...planIds(offer), ...named, service_id: "" }),
      await ask({ ...planIds(offer), ...named, plan_id: "" }),
    ],
    invented: await ask({ ...planIds(offer), operation: "drydock-no-such-operation" }),
    bare: await ask(named),
    unnamed: operation === undefined ? undefined : await ask(planIds(offer)),
    last: await platform.poll(offer, started),
  };
}

async function begin(own: OsbContext, kind: ThingKind, offer: Offer): Promise<Answer> {
  if (kind === "instance") return own.provisionNew(offer);
  const live = await own.freshOf(offer);
  return own.bind(live, own.platform.newId());
}

/**
 * Polls an operation in each unusual form. Played once per run for instances, and once for bindings.
 *
 * @throws Verdicted not applicable if nothing is answered 202
 */
export async function oddPolls(context: OsbContext, kind: ThingKind): Promise<OddPolls> {
  const offer = await (kind === "instance" ? asyncOffer : asyncBindOffer)(context);
  return context.shared.once(`odd polls ${kind}`, async (platform) => {
    const started = await begin(context.with(platform), kind, offer);
    if (started.status !== 202) {
      const ended = await platform.settle(offer, started);
      throw new Verdicted(obstacleIn(kind === "instance" ? "provision" : "bind", ended));
    }
    const polls = await pollOddly(platform, kind, offer, started);
    await platform.settle(offer, started);
    return polls;
  });
}
