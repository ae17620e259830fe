import type { Answer } from "../../client/answer.ts";
import { NoAnswer } from "../../client/no-answer.ts";
import type { EndedOperation } from "../../client/polling.ts";
import { Verdicted } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import type { ThingKind } from "../model/deletions.ts";
import { failDeprovision, failUpdate } from "./broken-backend.ts";
import { allLifecycles } from "./lifecycles.ts";
import { oddPolls } from "./odd-polls.ts";
import { refusedRequests } from "./refused-requests.ts";
import { anyUpdate, declaredRecords, type UpdateRecord } from "./updates.ts";

/** What a story shows; nothing if the broker does not offer it, refuses what it needs, or does not answer. */
async function showing<T>(play: () => Promise<T>, read: (story: T) => readonly (Answer | undefined)[]) {
  try {
    return read(await play()).filter((answer) => answer !== undefined);
  } catch (error) {
    if (error instanceof Verdicted || error instanceof NoAnswer) return [];
    throw error;
  }
}

const ofOperation = ({ answer, polls }: EndedOperation): readonly Answer[] => [answer, ...polls];

const ofUpdate = ({ before, settled, after }: UpdateRecord) => [before, ...ofOperation(settled), after];

const updatesOf = async (context: OsbContext): Promise<readonly Answer[]> => {
  const any = showing(() => anyUpdate(context), ofUpdate);
  const declared = showing(
    () => declaredRecords(context),
    (records) => records.flatMap(ofUpdate),
  );
  return (await Promise.all([any, declared])).flat();
};

const refusalsOf = (context: OsbContext): Promise<readonly Answer[]> =>
  showing(
    () => refusedRequests(context),
    (all) => all.map(({ answer }) => answer),
  );

/** The stories that can start with the run, so that reviews do not wait for them at its end: none that breaks or holds what is behind the broker. */
export async function beginStandardAnswers(context: OsbContext): Promise<void> {
  await Promise.all([allLifecycles(context.shared), refusalsOf(context), updatesOf(context)]);
}

async function failuresOf(context: OsbContext): Promise<readonly Answer[]> {
  return [
    ...(await showing(
      () => failUpdate(context),
      ({ failed }) => ofOperation(failed),
    )),
    ...(await showing(() => failDeprovision(context), ofOperation)),
  ];
}

const oddPollsOf = (context: OsbContext, kind: ThingKind) =>
  showing(
    () => oddPolls(context, kind),
    ({ started, first, malformed, invented, bare, unnamed, last }) => [
      started,
      first,
      ...malformed,
      invented,
      bare,
      unnamed,
      last,
    ],
  );

/**
 * The answers on which rules about every answer are judged: of the catalog, the lifecycles, the updates, the refusals, the unusual
 * polls, and of failing operations where there are any. They are the same whatever else runs beside them.
 */
export async function standardAnswers(context: OsbContext): Promise<readonly Answer[]> {
  return context.shared.once("standard answers", async (platform) => {
    const lifecycles = (await allLifecycles(context.shared)).flatMap(({ answers }) => answers);
    const [updates, refusals, ...polls] = await Promise.all([
      updatesOf(context),
      refusalsOf(context),
      oddPollsOf(context, "instance"),
      oddPollsOf(context, "binding"),
    ]);
    const failures = await failuresOf(context);
    // It is read again, as platforms do: its contents may have changed since.
    const again = await showing(
      () => platform.send("catalog"),
      (answer) => [answer],
    );
    return [
      ...new Set([context.run.catalog, ...again, ...lifecycles, ...updates, ...refusals, ...polls.flat(), ...failures]),
    ];
  });
}

/** The ordinary polls of lifecycles and updates about instances, or about bindings, up to the one that reported the end. */
export async function ordinaryPolls(context: OsbContext, kind: ThingKind): Promise<readonly Answer[]> {
  const all = await allLifecycles(context.shared);
  const later = new Set(all.flatMap(({ after }) => after.flatMap(({ again }) => again)));
  const updates = kind === "instance" ? await updatesOf(context) : [];
  const polls = [...all.flatMap(({ answers }) => answers), ...updates].filter(
    ({ operation, intent }) => operation === `poll-${kind}` && intent === "plain",
  );
  return polls.filter((poll) => !later.has(poll));
}
