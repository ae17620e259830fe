import { isArray, isObject, sameJson } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import { isSuccess } from "../../client/request.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectStatus } from "../judge.ts";
import { fetchCatalogWith } from "../sequences/requests.ts";

async function fetchConditionally(context: OsbContext, validator: string, header: string): Promise<Outcome> {
  const { catalog } = context.run;
  const value = catalog.headers[validator];
  if (value === undefined) return notApplicable(`the catalog has no ${validator}`, catalog);
  const isForm = validator === "etag" ? /^(W\/)?"[^"]*"$/.test(value) : !Number.isNaN(Date.parse(value));
  if (!isForm) return fail(`a well-formed ${validator}`, value.slice(0, 60), catalog);
  const answer = await fetchCatalogWith(context, { [header]: value });
  if (answer.status === 304)
    return answer.bytes.byteLength === 0 ? pass(answer) : fail("a 304 without a body", "it has one", answer);
  return expectStatus(answer, [200, 304]);
}

async function compareIds(context: OsbContext): Promise<Outcome> {
  const again = await context.platform.send("catalog");
  const ids = (answer: Answer) => context.idsByName(answer);
  const [first, second] = [ids(context.run.catalog), ids(again)];
  const changed = Object.keys(first).find((name) => name in second && !sameJson(first[name], second[name]));
  return changed === undefined
    ? pass(context.run.catalog, again)
    : fail(`${changed} to keep its id`, "another one in the second catalog", context.run.catalog, again);
}

/** A run does not begin without a catalog that has services, so this is about the next time that it is read. */
async function judgeServices({ platform }: OsbContext): Promise<Outcome> {
  const again = await platform.send("catalog");
  if (!isSuccess(again)) return followsFrom("catalog-200", `read again, it is answered ${again.status}`, again);
  const hasServices = isObject(again.json) && isArray(again.json["services"]);
  return hasServices ? pass(again) : fail("an array of services", "none", again);
}

/** Checks of spec.md, "Catalog Management". */
export const catalogManagementChecks: readonly OsbCheck[] = [
  probe({
    id: "catalog-etag",
    title: "An ETag of the catalog follows RFC 7232",
    requirement: "A broker may offer an ETag; it is then well formed, and If-None-Match is answered 200 or 304.",
    needs: { instances: 0 },
    run: (context) => fetchConditionally(context, "etag", "If-None-Match"),
  }),
  probe({
    id: "catalog-if-modified-since",
    title: "A Last-Modified of the catalog follows RFC 7232",
    requirement:
      "A broker may offer Last-Modified; it is then an HTTP date, and If-Modified-Since is answered 200 or 304.",
    needs: { instances: 0 },
    run: (context) => fetchConditionally(context, "last-modified", "If-Modified-Since"),
  }),
  probe({
    id: "catalog-ids-stable",
    title: "Offerings and plans keep their ids between two readings of the catalog",
    requirement: "The broker must not change the id of an offering or plan between catalog reads.",
    needs: { instances: 0 },
    run: compareIds,
  }),
  probe({
    id: "catalog-200",
    title: "The catalog is answered 200",
    requirement: "A catalog request that the broker has processed is answered 200.",
    needs: { instances: 0 },
    run: ({ run }) => expectStatus(run.catalog, [200]),
  }),
  probe({
    id: "catalog-services-required",
    title: "Each answer with the catalog has an array of services",
    requirement: "The body of the catalog has a `services` array, each time it is read.",
    needs: { instances: 0 },
    run: judgeServices,
  }),
];
