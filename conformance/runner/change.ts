import type { Answer } from "../client/answer.ts";
import { offersOf, readCatalog } from "../client/catalog.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { isSuccess } from "../client/request.ts";
import type { RunContext } from "./suite.ts";

type Standing = Pick<RunContext, "platform" | "offers">;

/** The catalog as it is now; undefined if the broker does not answer. */
async function catalogNow({ platform }: Standing): Promise<Answer | undefined> {
  return platform.send("catalog", { intent: "cleanup" }).catch((error: unknown) => {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  });
}

/** How a broker has changed since the run began, in one line; `silence` if it answers nothing, undefined if it is the same. */
export async function lookForChange(run: Standing): Promise<string | undefined> {
  const first = await catalogNow(run);
  // A broker that can't answer now may be able to in a moment: a status is only believed the second time.
  const catalog = first === undefined || isSuccess(first) ? first : await catalogNow(run);
  if (catalog === undefined) return "silence";
  if (!isSuccess(catalog))
    return `the catalog is now answered ${catalog.status}: something else answers in the broker's place`;
  const ids = new Set(offersOf(readCatalog(catalog.json)).map(({ service, plan }) => `${service.id} ${plan.id}`));
  const gone = run.offers.find(({ service, plan }) => !ids.has(`${service.id} ${plan.id}`));
  return gone && `the catalog changed during the run: plan "${gone.plan.name}" is no longer offered`;
}
