import { describe, expect, it } from "vitest";
import type { OsbContext } from "../context.ts";
import { instead, is, status, success } from "../mutants/changes.ts";
import { isGone, isKnown, not } from "../mutants/conditions.ts";
import { alter, combine, pretend } from "../mutants/middleware.ts";
import type { Middleware } from "../mutants/traffic.ts";
import { answerWith } from "../testing/answers.ts";
import { contextOn } from "../testing/shared.ts";
import { deletionOfDeleted, deletionOfUnknown } from "./deletions.ts";
import { fetchTellsTruth } from "./fetches.ts";
import { acceptsOrdinary, unlessOrdinaryRefused } from "./ordinary.ts";
import { isPolled, keepsFinalState } from "./polls.ts";
import { lookFor } from "./presence.ts";
import { describeRefusal, kindOfRefusal } from "./refusals.ts";
import { lifecycleOf } from "../sequences/lifecycles.ts";
import { obstacleTo } from "./stages.ts";
import { expectStatus } from "../judge.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";

const DELETIONS = ["deprovision", "unbind"] as const;
const FETCHES = ["fetch-instance", "fetch-binding"] as const;

/** Answers 200 to each DELETE, of whatever. */
const deletesAnything: Middleware = alter(DELETIONS, is(410), instead(200));
/** Remembers what it deleted, and reports success again. */
const remembersDeleted: Middleware = alter(DELETIONS, is(410), instead(200), isGone);
/** Shows anything that is requested. */
const showsAnything: Middleware = alter(FETCHES, is(404), instead(200));
/** Nothing can be fetched. */
const hidesAll: Middleware = alter(FETCHES, success, instead(404));

const offerOf = (context: OsbContext) => context.offer(BINDABLE);

describe.each(["instance", "binding"] as const)("what a run learns about an %s", (kind) => {
  it.each([
    ["tells existing things from others", undefined, "refused", "refused"],
    ["answers 200 to each DELETE", deletesAnything, "accepted", "accepted"],
    ["answers 200 for what it deleted before", remembersDeleted, "refused", "accepted"],
    ["answers 404 for 410", alter(DELETIONS, is(410), status(404)), "refused", "refused"],
  ] as const)("by deleting at a broker that %s", async (_, middleware, unknown, deleted) => {
    const context = await contextOn(middleware === undefined ? {} : { middleware });
    expect((await deletionOfUnknown(context.shared, kind, offerOf(context))).value).toBe(unknown);
    expect((await deletionOfDeleted(context.shared, kind, offerOf(context))).value).toBe(deleted);
  });

  it.each([
    ["tells the truth", undefined, true, /unknown/],
    ["answers 410 for 404", alter(FETCHES, is(404), status(410)), true, /unknown/],
    ["shows anything that is requested", showsAnything, false, /404-unknown/],
    ["shows nothing", hidesAll, false, /supported/],
    ["shows what it deleted", alter(FETCHES, is(404), instead(200), isGone), false, /404-after/],
  ] as const)("by fetching at a broker that %s", async (_, middleware, value, judgedBy) => {
    const context = await contextOn(middleware === undefined ? {} : { middleware });
    const fact = await fetchTellsTruth(context.shared, kind, offerOf(context));
    expect(fact.value).toBe(value);
    expect(fact.judgedBy).toMatch(judgedBy);
    expect(fact.evidence.length).toBeGreaterThan(0);
  });
});

describe("lookFor", () => {
  async function look(middleware: Middleware | undefined, isThere: boolean, absence: "never" | "deleted") {
    const context = await contextOn(middleware === undefined ? {} : { middleware });
    const offer = context.offer(ANY);
    const instanceId = isThere ? (await context.freshOf(offer)).id : context.platform.newId();
    return lookFor(context, { offer, instanceId, bindingId: "" }, absence);
  }

  const withoutFetches = (more: Middleware): Middleware => combine(hidesAll, more);

  it.each([
    ["GET", undefined],
    ["DELETE if nothing can be fetched", hidesAll],
    ["DELETE if a GET shows anything", showsAnything],
    ["GET if a DELETE looks like success", deletesAnything],
  ])("tells what exists from what never did by %s", async (_, middleware) => {
    expect((await look(middleware, true, "never")).is).toBe("there");
    expect((await look(middleware, false, "never")).is).toBe("absent");
  });

  it("can't tell if each DELETE looks like success and nothing can be fetched, and says whose finding that is", async () => {
    const presence = await look(withoutFetches(deletesAnything), true, "never");
    expect(presence).toMatchObject({ is: "untold", outcome: { followsFrom: "deprovision-410-unknown" } });
  });

  it("can't tell deleted things from existing ones if the second DELETE looks like success", async () => {
    const broker = withoutFetches(remembersDeleted);
    expect((await look(broker, true, "never")).is).toBe("there");
    expect(await look(broker, true, "deleted")).toMatchObject({
      is: "untold",
      outcome: { verdict: "unknown", followsFrom: "deprovision-410-after-delete" },
    });
  });
});

describe("acceptsOrdinary", () => {
  const refusing = pretend(["bind"], not(isKnown), 422, {
    error: "RequiresApp",
    description: "An app_guid is needed.",
  });

  it("holds if what any platform would send is accepted", async () => {
    const context = await contextOn();
    expect((await acceptsOrdinary(context.shared, "bind", offerOf(context))).value).toBe(true);
  });

  it("makes a refusal prove nothing at a broker that refuses the ordinary request too", async () => {
    const context = await contextOn({ middleware: refusing });
    const offer = offerOf(context);
    const refused = answerWith(400, {}, { operation: "bind" });
    const judged = { answer: refused, outcome: expectStatus(refused, [400]) };
    expect(await unlessOrdinaryRefused(context.shared, "bind", offer, judged)).toMatchObject({
      verdict: "unknown",
      followsFrom: "bind-creates-binding",
    });
  });

  it("judges a 5xx or a success on its own if the ordinary request is refused with a 4xx", async () => {
    const context = await contextOn({ middleware: refusing });
    for (const answer of [answerWith(500), answerWith(201)]) {
      const outcome = expectStatus(answer, [400]);
      expect(await unlessOrdinaryRefused(context.shared, "bind", offerOf(context), { answer, outcome })).toBe(outcome);
    }
  });
});

describe("what a run learns about polls", () => {
  it("is nothing at a synchronous broker", async () => {
    const context = await contextOn({ mode: "sync" });
    expect(await isPolled(context.shared, "instance")).toBe(false);
    expect((await keepsFinalState(context.shared, "instance")).value).toBeUndefined();
  });

  it("is that the end of an operation is reported again", async () => {
    const context = await contextOn({ mode: "async" });
    expect(await isPolled(context.shared, "binding")).toBe(true);
    expect((await keepsFinalState(context.shared, "binding")).value).toBe(true);
  });

  it("is that it is not, at a broker that crashes when polled again", async () => {
    const polls = ["poll-instance", "poll-binding"] as const;
    const middleware = alter(polls, success, instead(500), (request, memory) => {
      const key = request.path.slice(0, -1).join("/");
      return memory.known.has(key) && !memory.pending.has(key);
    });
    const context = await contextOn({ mode: "async", middleware });
    const fact = await keepsFinalState(context.shared, "instance");
    expect(fact).toMatchObject({ value: false, judgedBy: "lastop-instance-state-kept" });
    expect(fact.evidence.map((poll) => poll.status)).toEqual([200, 500, 500]);
  });
});

describe("an obstacle in a lifecycle", () => {
  it.each([
    ["provision", "provision-creates-resource"],
    ["bind", "bind-creates-binding"],
    ["unbind", "unbind-deletes-resources"],
    ["deprovision", "deprovision-deletes-resources"],
  ] as const)("is the finding of the check of %s, for everything that comes later", async (stage, judgedBy) => {
    const context = await contextOn({ middleware: pretend([stage], (_, { catalog }) => "services" in catalog, 500) });
    const lifecycle = await lifecycleOf(context.shared, offerOf(context));
    expect(obstacleTo(lifecycle, stage)).toMatchObject({ verdict: "unknown", followsFrom: judgedBy });
  });

  it("is none if all went well", async () => {
    const context = await contextOn();
    const lifecycle = await lifecycleOf(context.shared, offerOf(context));
    expect(obstacleTo(lifecycle, "unbind")).toBeUndefined();
    expect(obstacleTo(lifecycle, "deprovision")).toBeUndefined();
  });
});

describe("the words of a refusal", () => {
  it.each([
    ["full", { description: "instance limit for this plan has been reached" }],
    ["full", { error: "QuotaExceeded" }],
    ["full", { description: "you exceeded the limit of 2 instances" }],
    ["maintenance", { error: "MaintenanceInfoConflict", description: "passed maintenance_info does not match" }],
    ["application", { error: "RequiresApp" }],
    ["parameters", { description: "instance requires property region: parameters are invalid" }],
    ["busy", { error: "ConcurrencyError", description: "Another operation is in progress." }],
    ["unsaid", { description: "No." }],
    ["unsaid", {}],
  ] as const)("say %s", (kind, body) => {
    expect(kindOfRefusal(answerWith(422, body))).toBe(kind);
  });

  it("are quoted, and mention parameters only if they may be what is missing", () => {
    expect(describeRefusal(answerWith(422, { description: "limit exceeded" }))).toMatch(
      /^422 \(limit exceeded\); a quota/,
    );
    expect(describeRefusal(answerWith(400, {}))).toContain("drydock.yml");
    expect(describeRefusal(answerWith(500, { description: "oops" }))).toBe("500 (oops)");
  });
});
