import { beforeAll, describe, expect, it } from "vitest";
import { TestSession } from "../../../testing-session.ts";
import { createSchema } from "./servers.ts";

describe("a member of the body of a new server", () => {
  let session: TestSession;
  beforeAll(async () => {
    session = await TestSession.open({ quotas: { instances: -1, cores: -1, ram: -1 } });
  });

  const statusAt = (version: number, member: object): number =>
    session.send("nova", "POST", "/servers", { version, body: session.serverBody({ networks: "none", ...member }) })
      .status;

  // Nova, "REST API Version History": the microversion that brought it.
  it.each([
    [52, { tags: ["a"] }],
    [63, { trusted_image_certificates: null }],
    [90, { hostname: "ab" }],
  ])("is accepted from 2.%i on, and refused before: %j", (version, member) => {
    expect(statusAt(version, member)).toBe(202);
    expect(statusAt(version - 1, member)).toBe(400);
    // Without it, the older version takes the body.
    expect(statusAt(version - 1, {})).toBe(202);
  });

  it.each([
    [19, "description"],
    [52, "tags"],
    [63, "trusted_image_certificates"],
    [74, "host"],
    [90, "hostname"],
  ])("is in the schema from 2.%i on: %s", (version, member) => {
    const membersAt = (minor: number): readonly string[] =>
      Object.keys(createSchema(minor).properties.server.properties);
    expect(membersAt(version)).toContain(member);
    expect(membersAt(version - 1)).not.toContain(member);
  });
});
