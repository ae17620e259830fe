/** A generator of load as a process of its own; `load-workers.ts` starts it and asks. It ends when its parent goes away. */
import { parseAs } from "../clients/answers.ts";
import { type Answer, type LoadWorker, localWorker, Question } from "./load-workers.ts";

const stopping = new AbortController();
let worker: LoadWorker | undefined;

async function answer(question: Question): Promise<unknown> {
  if (question.ask === "begin") {
    worker = localWorker(question.plan);
    return undefined;
  }
  if (question.ask === "stop") return stopping.abort();
  if (worker === undefined) throw new Error("no plan was given");
  return question.ask === "run" ? worker.run(stopping.signal) : worker[question.ask]();
}

const send = (message: Answer): void => void process.send?.(message);

process.on("message", (message: unknown) => {
  const question = parseAs(Question, message, "a question");
  answer(question).then(
    (value) => send({ id: question.id, ...(value !== undefined && { value }) }),
    (error: unknown) => send({ id: question.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once("disconnect", () => worker?.close());
// Ctrl-C at a terminal reaches every process of the group; the parent decides what is still to be done.
process.on("SIGINT", () => undefined);
