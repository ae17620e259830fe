import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { basicHeader, readBasic, readBearer } from "../index.ts";

const name = fc.string().filter((text) => !text.includes(":") && text.isWellFormed());
const password = fc.string().filter((text) => text.isWellFormed());

describe("Basic authentication", () => {
  test.prop([name, password])("carries any user and any password, colons included", (username, secret) => {
    expect(readBasic(basicHeader(username, secret))).toEqual({ username, password: secret });
  });

  it.each([undefined, "", "Basic", "Basic ", "Bearer abc", `Basic ${btoa("no colon")}`])("is not %j", (header) => {
    expect(readBasic(header)).toBeUndefined();
  });

  it("is read in whatever case its scheme is written", () => {
    expect(readBasic(`bAsIc ${btoa("ann:pw")}`)).toEqual({ username: "ann", password: "pw" });
  });
});

describe("a bearer token", () => {
  it.each([
    ["Bearer abc", "abc"],
    ["bearer  abc ", "abc"],
    ["Bearer a b", ""],
    ["Basic abc", ""],
    [undefined, ""],
  ])("of %j is %j", (header, token) => {
    expect(readBearer(header)).toBe(token);
  });
});
