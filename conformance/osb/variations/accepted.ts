import type { JsonObject } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import { isSuccess } from "../../client/request.ts";
import { bindBodyFor, provisionBodyFor } from "../request-bodies.ts";
import { provisionInstance, type Shared } from "../shared-instances.ts";
import { variedParameters } from "./parameters.ts";

/** Parameters that a broker has accepted on something new, with its answer. */
interface Accepted {
  readonly parameters: JsonObject;
  readonly answer: Answer;
}

/** The first of several parameters that the broker accepts on something new. */
async function firstAccepted(
  candidates: readonly JsonObject[],
  ask: (parameters: JsonObject) => Promise<Answer>,
): Promise<Accepted | undefined> {
  for (const parameters of candidates) {
    const answer = await ask(parameters);
    if (isSuccess(answer)) return { parameters, answer };
  }
  return undefined;
}

function provisionVaried(shared: Shared, platform: OsbClient, offer: Offer): Promise<Accepted | undefined> {
  return firstAccepted(variedParameters(shared.run, offer, "create"), (parameters) =>
    platform.provision(offer, platform.newId(), {
      query: { accepts_incomplete: "true" },
      body: { ...provisionBodyFor(shared.run, offer), parameters },
    }),
  );
}

async function bindVaried(shared: Shared, platform: OsbClient, offer: Offer): Promise<Accepted | undefined> {
  const live = await provisionInstance(shared, platform, offer);
  return firstAccepted(variedParameters(shared.run, offer, "bind"), async (parameters) => {
    const answer = await platform.bind(offer, live.id, platform.newId(), {
      ...(shared.run.minor >= 14 ? { query: { accepts_incomplete: "true" } } : {}),
      body: { ...bindBodyFor(shared.run, offer), parameters },
    });
    await platform.settle(offer, answer);
    return answer;
  });
}

/**
 * Parameters other than the ordinary ones that the broker accepts on something new: with these, and no others, a conflict can be distinguished from
 * parameters that are wrong by themselves. Undefined if it accepts none. Played once per run for each plan and use.
 *
 * @throws NoAnswer, Verdicted if a bind would need an instance and none can be had
 */
export function acceptedParameters(
  shared: Shared,
  offer: Offer,
  use: "create" | "bind",
): Promise<Accepted | undefined> {
  const play = use === "create" ? provisionVaried : bindVaried;
  return shared.once(`accepted ${use} ${offer.plan.id}`, (platform) => play(shared, platform, offer));
}
