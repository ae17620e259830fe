import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedPool } from "../../broker/index.ts";
import { certify, isolationSuite } from "../../conformance/index.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { parseAs } from "../clients/answers.ts";
import { pollUntil } from "../poll.ts";
import { inception } from "../story/inception.ts";
import { type Attachment, attachServer } from "./attachment.ts";
import { Brokers, type RunningBroker } from "./brokers.ts";
import { dashboardHooks } from "./operator/dashboards.ts";
import { FakePlatform, PLATFORM_PORT } from "./platform/platform.ts";
import { fieldOf, type Shown, FormBrowser } from "./operator/browser.ts";
import { PersistentCustomer } from "./testing.ts";

const BOOT_MS_MAX = 300_000;
const CHECKUP_MS = 10_000;
const SESSION_MS = 600_000;

const OWN = { organization_guid: "o", space_guid: "own", context: { platform: "cloudfoundry", space_guid: "own" } };
const OTHER = { ...OWN, space_guid: "other", context: { platform: "cloudfoundry", space_guid: "other" } };

const Client = Type.Object({ id: Type.String(), secret: Type.String(), redirect_uri: Type.String() });
const Catalog = Type.Object({ services: Type.Array(Type.Object({ dashboard_client: Client })) });

describe("the dashboard of an instance", () => {
  let world: World;
  let brokers: Brokers;
  let broker: RunningBroker;
  let platform: FakePlatform;
  let attachment: Attachment;
  const pool = embeddedPool();
  let customer: PersistentCustomer;
  let origin: string;
  let secrets: readonly string[];

  beforeAll(async () => {
    world = createWorld({ seed: 8, scramIterations: 1, journalEventsMax: 200 });
    platform = new FakePlatform(world, () => brokers.list());
    const catalog = { versions: ["18", "15"], plans: ["postgresql-single-small"] };
    brokers = new Brokers(world, { pool: () => pool, platformUrl: platform.url, offers: () => ({ catalog }) });
    await platform.app.ready();
    await world.run(async () => {
      await inception(world, { services: ["postgresql"] });
      const [only] = brokers.list();
      if (only === undefined) throw new Error("no broker has been deployed");
      broker = only;
      origin = `http://${broker.ip}:3000`;
      customer = await PersistentCustomer.of(world, broker);
      attachment = attachServer(world.net, world.plan.controller, PLATFORM_PORT, platform.app);
      await platform.register();
      for (const [name, owner] of [
        ["mine", OWN],
        ["yours", OTHER],
      ] as const)
        expect(await customer.ask("PUT", `/v2/service_instances/${name}`, owner)).toBe("succeeded");
      const path = "/v2/service_instances/mine/service_bindings/b1";
      expect(await customer.ask("PUT", path, { bind_resource: { app_guid: "app" } })).toBe("succeeded");
      const { body } = await customer.askUntilAnswered("GET", path);
      const { username, password, uri } = body.credentials as Record<string, string>;
      secrets = [username ?? "", password ?? "", uri ?? ""];
    });
    platform.accounts.grant("developer", "own");
  }, BOOT_MS_MAX);
  afterAll(async () => {
    await brokers?.close();
    await platform?.app.close();
  });

  const run = <T>(work: () => Promise<T>): Promise<T> => world.run(work);
  const pass = (ms: number): Promise<void> => world.environmentAt(world.plan.applications).sleepMs(ms);
  const newBrowser = (): FormBrowser => new FormBrowser(world.environmentAt(world.plan.applications));
  const at = (path = ""): string => `${origin}/dashboard/mine${path}`;

  /** Opens a dashboard, and logs in if asked to. */
  const logIn = async (browser: FormBrowser, url = at(), user = "developer"): Promise<Shown> => {
    const asked = await browser.open(url);
    const password = platform.accounts.users.get(user)?.password ?? "";
    return browser.submit(`${platform.url}/login.do`, { username: user, password, next: fieldOf(asked, "next") });
  };
  const order = (browser: FormBrowser, page: Shown, action: string, fields = {}, more = {}): Promise<Shown> =>
    browser.submit(at(action), { form_token: fieldOf(page, "form_token"), ...fields }, more);
  const backups = async (): Promise<readonly { readonly id: string; readonly state: string }[]> => {
    const { body } = await customer.askUntilAnswered("GET", "/v2/service_instances/mine/extensions/backup/backups");
    return body.backups as readonly { id: string; state: string }[];
  };
  const waitForBackups = (what: (rows: Awaited<ReturnType<typeof backups>>) => boolean): Promise<true> =>
    pollUntil(world.environmentAt(world.plan.applications), "the backups", 5000, 3_600_000, async () =>
      what(await backups()) ? true : undefined,
    );

  it("appears in the catalog and in answers; each service has a client and a secret of its own", () =>
    run(async () => {
      const { body } = await customer.askUntilAnswered("GET", "/v2/catalog");
      const clients = parseAs(Catalog, body, "the catalog").services.map((each) => each.dashboard_client);
      expect(clients.map((each) => each.redirect_uri)).toEqual(Array(2).fill(`${origin}/dashboard/callback`));
      for (const member of ["id", "secret"] as const) expect(new Set(clients.map((each) => each[member])).size).toBe(2);
      const shown = await customer.askUntilAnswered("GET", "/v2/service_instances/mine");
      expect(shown.body.dashboard_url).toBe(at());
    }));

  it("shows state, metrics, bindings and backups to users who may manage it, and no secrets", () =>
    run(async () => {
      const browser = newBrowser();
      const page = await logIn(browser);
      expect(page).toMatchObject({ url: at(), status: 200 });
      for (const text of [
        "a9s-postgresql18",
        "postgresql-single-small",
        "running",
        "20 %",
        "b1",
        "developer",
        "Back up now",
      ])
        expect(page.text).toContain(text);
      for (const secret of secrets) expect(page.text).not.toContain(secret);
      // Neither a token nor a session is ever part of a URL.
      for (const url of browser.visited) expect(url).not.toMatch(/access_token|session|form_token/);
      expect(page.headers.get("content-security-policy")).toMatch(
        /default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/,
      );
      expect(page.headers.get("cache-control")).toBe("no-store");
    }));

  it("protects what a browser holds from scripts, other sites and unencrypted networks", () =>
    run(async () => {
      const browser = newBrowser();
      const asked = await browser.send(at());
      expect(asked.status).toBe(303);
      expect(asked.headers.get("set-cookie")).toMatch(
        /^drydock_login=[\w-]+; Max-Age=600; Path=\/dashboard; HttpOnly; Secure; SameSite=Lax$/,
      );
      await logIn(browser);
      const session = /drydock_session=([0-9a-f]{64})/.exec(browser.cookies(origin))?.[1] ?? "";
      expect(session).toHaveLength(64);
      // The store holds only a digest of it.
      const client = await pool.connect();
      const { rows } = await client.query("select * from dashboard_sessions", []);
      client.release();
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toContain(session);
      expect(browser.cookies(origin)).not.toContain("drydock_login");
    }));

  it("asks UAA with a state, S256 and its exact redirect URI, and UAA redirects nowhere else", () =>
    run(async () => {
      const location = new URL((await newBrowser().send(at())).headers.get("location") ?? "");
      const query = location.searchParams;
      expect(query.get("state")).toMatch(/^[0-9a-f]{64}$/);
      expect(query.get("code_challenge_method")).toBe("S256");
      expect(query.get("redirect_uri")).toBe(`${origin}/dashboard/callback`);
      for (const uri of [`${origin}/dashboard/callback/`, `${origin}/dashboard/callback?x`, "http://evil.example/"]) {
        query.set("redirect_uri", uri);
        expect(await newBrowser().open(location.href)).toMatchObject({ status: 400 });
      }
    }));

  it("accepts a code once, with the state, in the browser that began the login", () =>
    run(async () => {
      const browser = newBrowser();
      await logIn(browser);
      const callback = browser.visited.find((url) => url.includes("/dashboard/callback")) ?? "";
      expect(callback).toContain("code=");
      // Again, by a thief, with another state, without any.
      for (const url of [
        callback,
        callback.replace(/state=\w{8}/, "state=00000000"),
        callback.replace(/&state=\w+/, ""),
      ])
        expect(await newBrowser().open(url)).toMatchObject({ status: 403 });
      expect(await browser.open(callback)).toMatchObject({ status: 403 });
      // A code that somebody else obtained does not log this browser in.
      const victim = newBrowser();
      await victim.send(at());
      expect(await victim.open(callback)).toMatchObject({ status: 403 });
      // Nor does its own code with a state that is not its own.
      const own = newBrowser();
      const login = { username: "developer", password: platform.accounts.users.get("developer")?.password ?? "" };
      const next = fieldOf(await own.open(at()), "next");
      const form = { method: "POST", body: String(new URLSearchParams({ ...login, next })) };
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const authorize =
        (await own.send(`${platform.url}/login.do`, { ...form, headers })).headers.get("location") ?? "";
      const back = (await own.send(`${platform.url}${authorize}`)).headers.get("location") ?? "";
      expect(back).toContain("/dashboard/callback?code=");
      expect(await own.open(back.replace(/state=\w{8}/, "state=00000000"))).toMatchObject({ status: 403 });
      expect(await own.open(back)).toMatchObject({ status: 200 });
      // And a stolen code is useless without the verifier.
      const [client] = platform.accounts.clients.values();
      if (client === undefined) throw new Error("no client is registered");
      const code = platform.accounts.makeCode({ client, challenge: "x", userName: "developer", scope: "openid" });
      expect(platform.accounts.redeem(code, client, client.redirectUri, "guessed")).toBeUndefined();
    }));

  it("accepts forms only from its own pages", () =>
    run(async () => {
      const browser = newBrowser();
      const page = await logIn(browser);
      const foreign = await logIn(newBrowser());
      const token = fieldOf(page, "form_token");
      expect(token).not.toBe(fieldOf(foreign, "form_token"));
      const refused = [
        await browser.submit(at("/backups"), {}),
        await browser.submit(at("/backups"), { form_token: fieldOf(foreign, "form_token") }),
        await order(browser, page, "/backups", {}, { origin: "http://evil.example" }),
        await order(browser, page, "/backups", {}, { origin: "null" }),
        await order(browser, page, "/backups", {}, { "sec-fetch-site": "cross-site" }),
        await order(browser, page, "/backups", {}, { "sec-fetch-site": "same-site" }),
      ];
      expect(refused.map(({ status }) => status)).toEqual(Array(6).fill(403));
      // Without a session the form has no effect, neither now nor after a login.
      expect(await newBrowser().submit(at("/backups"), { form_token: token })).toMatchObject({ status: 401 });
      expect(
        await browser.open(at("/backups"), {
          method: "POST",
          body: "{}",
          headers: { "content-type": "application/json" },
        }),
      ).toMatchObject({ status: 400 });
      expect(await backups()).toEqual([]);
    }));

  it("orders, restores and deletes backups, sets key and schedule", () =>
    run(async () => {
      const browser = newBrowser();
      const page = await logIn(browser);
      const own = { origin, "sec-fetch-site": "same-origin" };
      expect(await order(browser, page, "/key", { key: "short" }, own)).toMatchObject({ status: 400 });
      expect(await order(browser, page, "/key", { key: "a long enough key" }, own)).toMatchObject({ status: 200 });
      const settings = { schedule: "30 2 * * *", time_zone: "Europe/Berlin", keep_min: "2", keep_days: "7" };
      expect((await order(browser, page, "/settings", settings, own)).text).toContain("Europe/Berlin");
      expect(await order(browser, page, "/settings", { ...settings, schedule: "never" }, own)).toMatchObject({
        status: 400,
      });
      expect((await order(browser, page, "/backups", {}, own)).url).toBe(at());
      await waitForBackups((rows) => rows.some(({ state }) => state === "succeeded"));
      const [made] = await backups();
      const again = await browser.open(at());
      expect(again.text).toContain(made?.id);
      expect(again.text).toContain("A key is set.");
      expect(again.text).not.toContain("a long enough key");
      const download = await browser.send(at(`/backups/${made?.id}/download`));
      expect(download.headers.get("content-type")).toBe("application/octet-stream");
      const restore = `/backups/${made?.id}/restore`;
      // A wrong key of a form is refused before anything begins; the instance of the path is the one that counts.
      expect(await order(browser, page, restore, { key: "another key", id: "yours" })).toMatchObject({ status: 422 });
      expect(await order(browser, page, restore)).toMatchObject({ status: 200, url: at() });
      await pollUntil(world.environmentAt(world.plan.applications), "the restore", 5000, 3_600_000, async () => {
        const { body } = await customer.askUntilAnswered(
          "GET",
          "/v2/service_instances/mine/extensions/backup/restores",
        );
        return JSON.stringify(body).includes("succeeded") ? true : undefined;
      });
      expect(await order(browser, page, `/backups/${made?.id}/delete`)).toMatchObject({ status: 200 });
      await waitForBackups((rows) => rows.every(({ state }) => state === "deleted"));
      const operator = { ...broker, ...broker.operator };
      const log = await world.environmentAt(world.plan.applications).fetch(`${broker.url}/operator/audit`, {
        headers: {
          authorization: `Basic ${Buffer.from(`${operator.username}:${operator.password}`).toString("base64")}`,
        },
      });
      expect(await log.text()).toContain("dashboard, user developer");
    }));

  it("restores into another instance that its manager manages as well, and into no other", () =>
    run(async () => {
      expect(await customer.ask("PUT", "/v2/service_instances/ours", OWN)).toBe("succeeded");
      const browser = newBrowser();
      const page = await logIn(browser);
      await order(browser, page, "/backups");
      await waitForBackups((rows) => rows.some(({ state }) => state === "succeeded"));
      const made = (await backups()).find(({ state }) => state === "succeeded");
      const restore = `/backups/${made?.id}/restore`;
      for (const into of ["yours", "unknown"])
        expect(await order(browser, page, restore, { into })).toMatchObject({ status: 403 });
      expect(await order(browser, page, restore, { into: "ours" })).toMatchObject({ status: 200, url: at() });
      await pollUntil(world.environmentAt(world.plan.applications), "the restore", 5000, 3_600_000, async () => {
        const { body } = await customer.askUntilAnswered(
          "GET",
          "/v2/service_instances/ours/extensions/backup/restores",
        );
        return JSON.stringify(body).includes("succeeded") ? true : undefined;
      });
      // An instance that keeps no log can't be restored to a time, and its page offers none.
      expect(page.text).not.toContain("To a time");
      const times = [{ at: "yesterday" }, { at: "" }, { at: "2026-11-30T12:00:00Z" }];
      const answers = [];
      for (const fields of times) answers.push((await order(browser, page, "/moments", fields)).status);
      expect(answers).toEqual([400, 400, 422]);
      expect(await order(browser, page, "/moments", { at: "2026-11-30T12:00:00Z", into: "yours" })).toMatchObject({
        status: 403,
      });
    }));

  it("admits nobody whom the platform does not let manage it, and does not reveal whether it exists", () =>
    run(async () => {
      const browser = newBrowser();
      await logIn(browser);
      const [yours, unknown] = [
        await browser.open(`${origin}/dashboard/yours`),
        await browser.open(`${origin}/dashboard/unknown`),
      ];
      expect([yours.status, unknown.status]).toEqual([403, 403]);
      expect(yours.text).toBe(unknown.text);
      // Neither does another instance's backup, nor the platform's own login.
      const login = `Basic ${Buffer.from(`${broker.username}:${broker.password}`).toString("base64")}`;
      expect((await newBrowser().send(at(), { headers: { authorization: login } })).status).toBe(303);
      const cookie = { cookie: browser.cookies(origin), "x-broker-api-version": "2.17" };
      const api = await world
        .environmentAt(world.plan.applications)
        .fetch(`${origin}/v2/service_instances/mine`, { headers: cookie });
      expect(api.status).toBe(401);
      expect(await logIn(newBrowser(), `${origin}/dashboard/yours`, "admin")).toMatchObject({ status: 200 });
    }));

  it("closes soon after a role is revoked, at once after a logout, and when a session or a token ends", () =>
    run(async () => {
      const browser = newBrowser();
      const page = await logIn(browser);
      const thief = browser.clone();
      platform.accounts.revoke("developer", "own");
      await pass(CHECKUP_MS + 1);
      expect(await browser.open(at())).toMatchObject({ status: 403 });
      expect(await order(browser, page, "/backups")).toMatchObject({ status: 403 });
      platform.accounts.grant("developer", "own");
      expect(await browser.open(at())).toMatchObject({ status: 200 });
      expect(await order(browser, page, "/logout")).toMatchObject({ status: 200 });
      expect((await thief.send(at())).status).toBe(303);
      // The platform still knows who it is.
      await browser.open(at());
      await pass(SESSION_MS + 1);
      expect((await browser.send(at())).status).toBe(303);
      const other = newBrowser();
      await logIn(other);
      platform.accounts.endTokens("developer");
      await pass(CHECKUP_MS + 1);
      expect((await other.send(at())).status).toBe(303);
    }));

  it("passes what the isolation suite asks of dashboards", async () => {
    const backend = dashboardHooks(world, broker, platform);
    const environment = world.environmentAt(world.plan.applications);
    const ids = world.secretsOf("dashboards");
    const only = ["IS-50", "IS-68", "IS-69", "IS-70", "IS-71"];
    const { results } = await run(() =>
      certify({
        url: origin,
        username: broker.username,
        password: broker.password,
        profile: "osb-2.17",
        suites: [isolationSuite],
        only,
        backend,
        fetch: (to, init) => environment.fetch(to, init),
        clock: { nowMs: () => environment.nowMs(), sleepMs: (ms) => environment.sleepMs(ms) },
        newId: () => ids.uuid(),
      }),
    );
    const others = results.filter(({ verdict }) => verdict !== "pass");
    expect([results.length, others.map(({ check, reason }) => `${check.id}: ${reason}`)]).toEqual([only.length, []]);
  });

  it("admits nobody while the platform is away, and is gone with its instance", () =>
    run(async () => {
      const browser = newBrowser();
      await logIn(browser, `${origin}/dashboard/yours`, "admin");
      attachment.detach();
      await pass(CHECKUP_MS + 1);
      expect(await browser.open(`${origin}/dashboard/yours`)).toMatchObject({ status: 503 });
      attachment = attachServer(world.net, world.plan.controller, PLATFORM_PORT, platform.app);
      expect(await browser.open(`${origin}/dashboard/yours`)).toMatchObject({ status: 200 });
      expect(await customer.ask("DELETE", "/v2/service_instances/yours")).toBe("succeeded");
      expect((await browser.open(`${origin}/dashboard/yours`)).status).toBeGreaterThanOrEqual(403);
    }));
});
