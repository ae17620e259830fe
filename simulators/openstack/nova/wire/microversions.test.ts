import { beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../routes/routes.ts";
import { memberOf, TestSession } from "../../testing-session.ts";
import { MICROVERSIONS } from "./versions.ts";

describe("microversions of Nova", () => {
  let session: TestSession;
  let id: string;
  beforeAll(async () => {
    session = await TestSession.open();
    id = session.server();
  });

  const GATED = ROUTES.filter(({ from, to }) => from !== undefined || to !== undefined);

  it.each(GATED.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "know %s in its own range alone",
    (_name, { method, path, from = MICROVERSIONS.minorMin, to = MICROVERSIONS.minorMax }) => {
      const sent = path.replaceAll(/:\w+/g, id);
      const isKnown = (version: number): boolean => {
        const reply = session.send("nova", method, sent, { who: "admin", version, body: {} });
        return memberOf(reply.json, "itemNotFound.message") !== "The resource could not be found.";
      };
      expect([isKnown(from), isKnown(to)]).toEqual([true, true]);
      if (from > MICROVERSIONS.minorMin) expect(isKnown(from - 1)).toBe(false);
      if (to < MICROVERSIONS.minorMax) expect(isKnown(to + 1)).toBe(false);
    },
  );

  it.each<readonly [member: string, from: number]>([
    ["locked", 9],
    ["description", 19],
    ["tags", 26],
    ["trusted_image_certificates", 63],
    ["server_groups", 71],
    ["locked_reason", 73],
    ["OS-EXT-SRV-ATTR:hostname", 90],
  ])("show a member %s from the version that introduced it", (member, from) => {
    const has = (version: number): boolean => {
      const server = memberOf(session.send("nova", "GET", `/servers/${id}`, { version }).json, "server");
      return typeof server === "object" && server !== null && Object.hasOwn(server, member);
    };
    expect([has(from - 1), has(from)]).toEqual([false, true]);
  });

  it.each<readonly [fields: object, from: number]>([
    [{ description: "text" }, 19],
    [{ tags: ["a"] }, 52],
    [{ hostname: "host" }, 90],
    [{ host: "ref" }, 74],
    [{ networks: "none" }, 37],
  ])("accept %j in a new server from 2.%i on", (fields, from) => {
    const status = (version: number): number => {
      const body = { server: { name: "vm", flavorRef: "none", imageRef: session.variable("image"), ...fields } };
      if (version >= 37) Object.assign(body.server, { networks: "none" });
      const { json } = session.send("nova", "POST", "/servers", { who: "admin", version, body });
      // A valid body fails later, as there is no such flavor.
      return String(memberOf(json, "badRequest.message")).startsWith("Flavor") ? 202 : 400;
    };
    expect([status(from - 1), status(from)]).toEqual([400, 202]);
  });

  it("refuse versions beyond the last and malformed ones", () => {
    const statusOf = (value: string): number => {
      const headers = { "x-auth-token": session.cloud.actors.A?.token ?? "", "openstack-api-version": value };
      return session.get("nova", "/servers", headers).status;
    };
    const { minorMin, minorMax } = MICROVERSIONS;
    expect(["compute 2.1", `compute 2.${minorMax}`, "compute latest"].map(statusOf)).toEqual([200, 200, 200]);
    expect([`compute 2.${minorMax + 1}`, `compute 2.${minorMin - 1}`, "compute 3.1"].map(statusOf)).toEqual([
      406, 406, 406,
    ]);
    expect(["compute 2", "compute 2.01", "compute x"].map(statusOf)).toEqual([400, 400, 400]);
  });
});
