import type { Observation } from "../../client/http/observation.ts";
import { isSuccess } from "../../client/request.ts";
import { type Evidence, fail, followsFrom, type Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import type { OsbCheck } from "../define.ts";
import { JUDGED_BY } from "../model/stages.ts";
import { firstAnswerTo, lifecycleOffers } from "../sequences/lifecycles.ts";
import { outcomeOf } from "../variations/plans.ts";

const HTML = /^\s*<(!doctype\s+html|html|head|body|\?xml)/i;

/** A success that is a page, as a web server or a proxy serves it for paths that it does not know. */
function isPage({ status, headers, bytes }: Observation): boolean {
  if (status < 200 || status > 299) return false;
  return /^text\/html\b/i.test(headers["content-type"] ?? "") || HTML.test(Buffer.from(bytes).toString("utf8"));
}

const isObserved = (evidence: Evidence): evidence is Observation => "bytes" in evidence;
const isOfCatalog = ({ request }: Observation): boolean => new URL(request.url).pathname.endsWith("/v2/catalog");

/** The page that each plan's ordinary provision is answered with; undefined where one is answered otherwise. */
async function pageInPlace(context: OsbContext): Promise<Observation | undefined> {
  const offers = lifecycleOffers(context.shared);
  const answers = await Promise.all(offers.map((offer) => firstAnswerTo(context.shared, "provision", offer)));
  const [first] = answers;
  return answers.every((answer) => answer !== undefined && isSuccess(answer) && isPage(answer)) ? first : undefined;
}

/** The check that has it as its finding that something else answers. */
const JUDGE = JUDGED_BY.provision;

const WORDS =
  "is answered with a page (HTML), as a web server or a proxy answers in a broker's place: does the address lead to the broker?";

/**
 * If everything except the catalog is answered with pages, it is not a broker that answers. That is one fault, and not one for
 * each clause; nor does such a page show that a clause is kept.
 */
export function blamePages(check: OsbCheck): OsbCheck {
  return {
    ...check,
    run: async (context) => {
      const outcome = await outcomeOf(async () => check.run(context));
      const pages = (outcome.evidence ?? context.platform.sent)
        .filter(isObserved)
        .filter((answer) => !isOfCatalog(answer) && isPage(answer));
      if (pages.length === 0) return outcome;
      const page = await pageInPlace(context);
      return page === undefined ? outcome : blame(check, page, pages);
    },
  };
}

function blame({ id }: OsbCheck, page: Observation, pages: readonly Observation[]): Outcome {
  const { method } = page.request;
  return id === JUDGE
    ? fail("an answer of the broker's own", `an ordinary provision ${WORDS}`, page)
    : followsFrom(JUDGE, `${method} ${WORDS}`, ...pages);
}
