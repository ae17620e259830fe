import type { Answer } from "../../client/answer.ts";
import { isSuccess } from "../../client/request.ts";
import type { OsbContext } from "../context.ts";
import type { LiveInstance } from "../shared-instances.ts";
import { optionsOf, type Row } from "./row.ts";
import { orSilence } from "./silence.ts";
import type { Tried } from "./tried.ts";

/** Binds of one instance that were accepted, some of which may be in progress. */
class Accepted {
  readonly answers: Answer[] = [];
  readonly #running: Promise<unknown>[] = [];

  get areQuiet(): boolean {
    return this.#running.length === 0;
  }

  add(answer: Answer, settle: () => Promise<unknown>): void {
    if (isSuccess(answer)) this.answers.push(answer);
    if (answer.status !== 202) return;
    const running = settle();
    // What it rejects with is thrown when it is waited for.
    running.catch(() => {});
    this.#running.push(running);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#running.splice(0));
  }
}

/**
 * Tries binds of one instance, each of which may be accepted. The next ones are sent while an accepted one is in progress; that may be the reason
 * for a wrong answer, so such a bind is sent again once nothing is in progress. Ends with the first that is never answered: the wait for the next
 * may be as long.
 */
export async function tryBinds(
  context: OsbContext,
  live: LiveInstance,
  rows: readonly Row[],
  judge: (row: Row, answer: Answer) => Promise<Tried>,
): Promise<readonly Tried[]> {
  const { platform } = context;
  const accepted = new Accepted();
  const ask = (row: Row): Promise<Tried> =>
    orSilence(context, "bind", row, async () => {
      const answer = await context.bind(live, platform.newId(), optionsOf(row));
      accepted.add(answer, () => platform.settle(live.offer, answer));
      return judge(row, answer);
    });
  const tried: Tried[] = [];
  for (const row of rows) {
    // The first bind of an instance may come too early for the broker, which is another check's finding.
    const isSure = accepted.areQuiet && tried.length > 0;
    const first = await ask(row);
    if (!isSure && first.outcome.verdict !== "pass" && first.isSilent !== true) {
      await accepted.settle();
      tried.push(await ask(row));
    } else tried.push(first);
    if (first.isSilent === true) break;
  }
  await accepted.settle();
  await unbindAll(context, live, accepted.answers);
  return tried;
}

/** Side by side; what is not removed here is removed with the rest of the check. */
async function unbindAll({ platform }: OsbContext, { offer, id }: LiveInstance, bound: readonly Answer[]) {
  const removals: Answer[] = [];
  for (const { bindingId } of bound) removals.push(await platform.unbind(offer, id, bindingId, { intent: "cleanup" }));
  await Promise.all(removals.map((removal) => platform.settle(offer, removal)));
}
