import { isObject, sameJson, type JsonObject } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../runner/check.ts";
import { ANY, BINDABLE, contextOf, type Live, type OsbContext, RETRIEVABLE, updatable, changesOf } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectStatus, needsMore, seenOf, unlessRefusedAnyway } from "../judge.ts";
import { lives } from "../stories.ts";

/**
 * How a broker takes requests that are unusual but right: versions, identities, unknown members, contexts of either platform,
 * content types, odd ids.
 */
const none = { instances: 0 } as const;
const bad = { intent: "bad" } as const;

async function catalogWith(context: OsbContext, headers: Readonly<Record<string, string | null>>): Promise<Answer> {
  return context.platform.send("catalog", { headers });
}

async function otherVersions(context: OsbContext): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const version of ["1.0", "3.0"]) answers.push(await catalogWith(context, { "X-Broker-API-Version": version }));
  return answers;
}

async function refusalTellsVersion(context: OsbContext): Promise<Outcome> {
  const refusal = (await otherVersions(context)).find(({ status }) => status === 412);
  if (refusal === undefined) return notApplicable("the broker accepts every version");
  const text = bodyOf(refusal)["description"];
  return typeof text === "string" && text !== ""
    ? pass(refusal)
    : fail("a description of what to use", "none", refusal);
}

async function lowerCaseVersion(context: OsbContext): Promise<Outcome> {
  const headers = { "X-Broker-API-Version": null, "x-broker-api-version": `2.${context.minor}` };
  const answer = await catalogWith(context, headers);
  return answer.status === context.run.catalog.status
    ? pass(answer)
    : fail(String(context.run.catalog.status), seenOf(answer), answer);
}

/** Provisions (and binds, where that is offered) with a change that must make no difference. */
async function lifeWith(
  context: OsbContext,
  change: (body: JsonObject) => JsonObject,
  headers: Readonly<Record<string, string | null>> = {},
  query?: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const id = context.platform.newId();
  const provisioned = await context.provision(offer, id, { body: change(context.provisionBody(offer)), headers });
  const settled = await context.platform.settle(offer, provisioned);
  if (!isSuccess(provisioned) || settled.state !== "succeeded") {
    const ordinarily = () => context.provision(offer, context.platform.newId());
    return unlessRefusedAnyway(expectStatus(provisioned, [201, 202]), ordinarily);
  }
  if (!BINDABLE.fits(offer)) return pass(provisioned);
  const bindingId = context.platform.newId();
  const bound = await context.bind({ offer, id }, bindingId, {
    body: change(context.bindBody(offer)),
    headers,
    ...(query ? { query } : {}),
  });
  await context.platform.settle(offer, bound);
  const ordinarily = () => context.bind({ offer, id }, context.platform.newId());
  const binding = isSuccess(bound)
    ? expectStatus(bound, [201, 202])
    : await unlessRefusedAnyway(expectStatus(bound, [201, 202]), ordinarily);
  return worstOf([expectStatus(provisioned, [201, 202]), binding]);
}

const identity = (platform: string, user: JsonObject): string =>
  `${platform} ${Buffer.from(JSON.stringify(user)).toString("base64")}`;

/** Users as the platforms of the profile describe them. */
const USERS: readonly (readonly [string, JsonObject])[] = [
  ["cloudfoundry", { user_id: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a009" }],
  ["kubernetes", { username: "drydock", uid: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a009", groups: ["drydock"], extra: {} }],
];

async function withIdentity(context: OsbContext): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const [platform, user] of USERS) {
    const headers = { "X-Broker-API-Originating-Identity": identity(platform, user) };
    outcomes.push(await lifeWith(context, (body) => body, headers));
  }
  return worstOf(outcomes);
}

async function withoutIdentity(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const catalog = await context.platform.send("catalog");
  const deleted = await context.platform.deprovision(offer, context.platform.newId());
  return worstOf([expectStatus(catalog, ["2xx"], ["4xx"]), expectStatus(deleted, [410, 200, 202, 404], ["4xx"])]);
}

/** Members that no version defines, wherever a broker might trip over them. */
function extended(body: JsonObject): JsonObject {
  const inner = (name: string) => {
    const value = body[name];
    return isObject(value) ? { [name]: { ...value, drydock_ext: { a: 1 } } } : {};
  };
  return {
    ...body,
    drydock_ext: "ignore me",
    ...inner("context"),
    ...inner("bind_resource"),
    ...inner("previous_values"),
  };
}

async function extendedRequests(context: OsbContext): Promise<Outcome> {
  const created = await lifeWith(context, extended);
  if (created.verdict !== "pass" || !context.run.offers.some(updatable(context.run).fits)) return created;
  const live = await context.fresh(updatable(context.run));
  const { service, plan } = live.offer;
  const change = { previous_values: { service_id: service.id, plan_id: plan.id }, ...firstChange(context, live) };
  const answer = await context.update(live, extended(change));
  await context.platform.settle(live.offer, answer);
  const ordinarily = () => context.update(live, firstChange(context, live));
  return worstOf([created, await unlessRefusedAnyway(expectStatus(answer, [200, 202]), ordinarily)]);
}

const firstChange = ({ run }: OsbContext, { offer }: Live): JsonObject => changesOf(run, offer)[0]?.body ?? {};

async function extensionsIgnored(context: OsbContext): Promise<Outcome> {
  const live = await context.live(ANY);
  const again = await context.provision(live.offer, live.id, { body: extended(context.provisionBody(live.offer)) });
  const plain = await context.provision(live.offer, live.id);
  if (again.status === plain.status) return pass(plain, again);
  return fail(`the answer without unknown members (${plain.status})`, seenOf(again), plain, again);
}

/** Members of 2.17, as an older broker would meet them. */
async function newerMembers(context: OsbContext): Promise<Outcome> {
  const annotated = {
    organization_annotations: { "drydock.example/a": "b" },
    instance_annotations: { "drydock.example/a": "b" },
  };
  const change = (body: JsonObject) => ({ ...body, context: { ...contextOf(context.run), ...annotated } });
  const catalog = await catalogWith(context, { "X-Broker-API-Version": "2.17" });
  if (catalog.status === 412) return notApplicable("the broker refuses a newer version than its own", catalog);
  return lifeWith(context, change, { "X-Broker-API-Version": "2.17" }, { accepts_incomplete: "true" });
}

async function eitherContext(context: OsbContext): Promise<Outcome> {
  const kubernetes = {
    platform: "kubernetes",
    namespace: "drydock",
    clusterid: "drydock-1",
    instance_name: "drydock",
    drydock_ext: 1,
  };
  const cloudfoundry = { ...contextOf(context.run), drydock_ext: 1 };
  const outcomes: Outcome[] = [];
  for (const told of [kubernetes, cloudfoundry])
    outcomes.push(await lifeWith(context, (body) => ({ ...body, context: told })));
  return worstOf(outcomes);
}

/** A provision that declares another type than JSON, or none. */
function typed(contentType: string | null, good: readonly (number | "2xx")[], tolerated: readonly "4xx"[]) {
  return async (context: OsbContext): Promise<Outcome> => {
    const offer = context.offer(ANY);
    const answer = await context.provision(offer, context.platform.newId(), {
      headers: { "Content-Type": contentType },
      ...bad,
    });
    return expectStatus(answer, good, tolerated);
  };
}

/** An odd id works, or is refused; it is never taken for another. */
async function oddIds(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(ANY);
  const { platform } = context;
  const outcomes: Outcome[] = [];
  for (const odd of [" odd", "/odd"]) {
    await platform.ledger.clean();
    const id = platform.newId();
    const answer = await context.provision(offer, `${id}${odd}`, bad);
    await platform.settle(offer, answer);
    outcomes.push(expectStatus(answer, ["2xx", "4xx"]));
    if (!isSuccess(answer)) continue;
    const shortened = await platform.deprovision(offer, id);
    if (shortened.status !== 200 && shortened.status !== 202) continue;
    await platform.settle(offer, shortened);
    outcomes.push(fail("an instance of this very id", "one whose id is cut short", answer, shortened));
  }
  return worstOf(outcomes);
}

/** 202 only for those who said that they can wait. */
async function unasked(context: OsbContext): Promise<Outcome> {
  const { platform, run } = context;
  const answers: Answer[] = [];
  const take = async (offer: Offer, asked: Promise<Answer>) => {
    answers.push(await asked);
    await platform.settle(offer, await asked);
  };
  for (const query of [{}, { accepts_incomplete: "false" }]) {
    const offer = context.offer(ANY);
    await take(offer, context.provision(offer, platform.newId(), { query }));
  }
  const live = await context.freshOf(run.offers.find(isChangeable(context)) ?? context.offer(ANY));
  const { offer, id: instanceId } = live;
  const idsOnly = () => idsWithout(platform.deletionOf(offer, instanceId));
  const change = changesOf(run, offer)[0];
  if (change !== undefined) await take(offer, context.update(live, change.body, { query: {} }));
  if (BINDABLE.fits(offer)) {
    await take(offer, context.bind(live, platform.newId(), { query: {} }));
    const { id } = await context.bound(live);
    await take(offer, platform.unbind(offer, instanceId, id, { query: idsOnly() }));
  }
  await take(offer, platform.deprovision(offer, instanceId, { query: idsOnly() }));
  const wrong = answers.find(({ status }) => status === 202);
  if (wrong === undefined) return pass(...answers);
  return fail("no 202 without accepts_incomplete=true", `202 for ${wrong.operation}`, wrong);
}

/** A plan on which every kind of operation can be tried. */
const isChangeable =
  ({ run }: OsbContext) =>
  (offer: Offer): boolean =>
    BINDABLE.fits(offer) && changesOf(run, offer).length > 0;

const idsWithout = (deletion: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(deletion).filter(([name]) => name !== "accepts_incomplete"));

/** A claim to be finished is put to the test at once. */
async function finishedIsFinished(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const id = context.platform.newId();
  const answer = await context.provision(offer, id);
  if (answer.status !== 201) {
    await context.platform.settle(offer, answer);
    return notApplicable(`provisioning was answered ${answer.status}, which claims nothing`, answer);
  }
  const fetched =
    RETRIEVABLE.fits(offer) && context.minor >= 14
      ? await context.platform.send("fetch-instance", { instanceId: id })
      : undefined;
  if (fetched !== undefined && fetched.status !== 200)
    return fail("a usable instance after 201", seenOf(fetched), answer, fetched);
  if (!BINDABLE.fits(offer))
    return fetched ? pass(answer, fetched) : notApplicable("it can neither be fetched nor bound", answer);
  const bound = await context.bind({ offer, id }, context.platform.newId());
  await context.platform.settle(offer, bound);
  if (isSuccess(bound)) return pass(answer, bound);
  const life = (await lives(context.shared)).find((each) => each.offer.plan.id === offer.plan.id);
  const usual = life?.binds[0];
  if (usual?.state === "refused") return needsMore(usual.answer);
  return fail("a usable instance after 201", seenOf(bound), answer, bound);
}

async function conditional(context: OsbContext, validator: string, header: string): Promise<Outcome> {
  const { catalog } = context.run;
  const value = catalog.headers[validator];
  if (value === undefined) return notApplicable(`the catalog has no ${validator}`, catalog);
  const isForm = validator === "etag" ? /^(W\/)?"[^"]*"$/.test(value) : !Number.isNaN(Date.parse(value));
  if (!isForm) return fail(`a well-formed ${validator}`, value.slice(0, 60), catalog);
  const answer = await catalogWith(context, { [header]: value });
  if (answer.status === 304)
    return answer.bytes.byteLength === 0 ? pass(answer) : fail("a 304 without a body", "it has one", answer);
  return expectStatus(answer, [200, 304]);
}

async function stableIds(context: OsbContext): Promise<Outcome> {
  const again = await context.platform.send("catalog");
  const ids = (answer: Answer) => context.idsByName(answer);
  const [first, second] = [ids(context.run.catalog), ids(again)];
  const changed = Object.keys(first).find((name) => name in second && !sameJson(first[name], second[name]));
  return changed === undefined
    ? pass(context.run.catalog, again)
    : fail(`${changed} to keep its id`, "another one in the second catalog", context.run.catalog, again);
}

export const requestChecks: readonly OsbCheck[] = [
  probe("minor-version-fields-ignored", newerMembers),
  probe(
    "api-version-unsupported-412",
    async (context) => worstOf((await otherVersions(context)).map((answer) => expectStatus(answer, ["2xx", 412]))),
    none,
  ),
  probe("api-version-unsupported-message", refusalTellsVersion, none),
  probe(
    "api-version-missing-400",
    async (context) => expectStatus(await catalogWith(context, { "X-Broker-API-Version": null }), ["2xx", 400, 412]),
    none,
  ),
  probe("api-version-header-case-insensitive", lowerCaseVersion, none),
  probe("originating-identity-optional-on-non-user-requests", withoutIdentity, none),
  probe("originating-identity-accepted", withIdentity, { instances: 2 }),
  probe("vendor-request-fields-do-not-halt", extendedRequests, { instances: 2 }),
  probe("vendor-request-fields-ignored", extensionsIgnored),
  probe("context-accepted", eitherContext, { instances: 2 }),
  probe("request-content-type-missing-tolerated", typed(null, ["2xx", 400], ["4xx"])),
  probe("request-content-type-mismatch-400", typed("text/plain", ["2xx", 400], ["4xx"])),
  probe("url-no-charset-restriction", oddIds),
  probe("async-needs-accepts-incomplete", unasked, { instances: 3 }),
  probe("async-when-not-guaranteed", finishedIsFinished),
  probe("catalog-etag", (context) => conditional(context, "etag", "If-None-Match"), none),
  probe("catalog-if-modified-since", (context) => conditional(context, "last-modified", "If-Modified-Since"), none),
  probe("catalog-ids-stable", stableIds, none),
  probe("catalog-200", ({ run }) => expectStatus(run.catalog, [200]), none),
];
