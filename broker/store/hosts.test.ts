import { describe, expect, it } from "vitest";
import { parseDatabaseUrl } from "./hosts.ts";

describe("the URL of a database", () => {
  it.each([
    ["postgres://u:p@h/d", ["postgres://u:p@h/d"], false],
    ["postgresql://h:1,g:2/d", ["postgresql://h:1/d", "postgresql://g:2/d"], true],
    ["postgres://u@h,g/d?target_session_attrs=any", ["postgres://u@h/d", "postgres://u@g/d"], false],
    ["postgres://u@h/d?target_session_attrs=primary", ["postgres://u@h/d"], true],
    ["postgres://u@localhost/d?host=/tmp/x", ["postgres://u@localhost/d?host=%2Ftmp%2Fx"], false],
    [
      "postgres://u@[::1]:5,h/d?application_name=b",
      ["postgres://u@[::1]:5/d?application_name=b", "postgres://u@h/d?application_name=b"],
      true,
    ],
  ])("%s names these servers", (url, urls, mustTakeWrites) => {
    expect(parseDatabaseUrl(url)).toEqual({ urls, mustTakeWrites });
  });

  it.each([
    "postgres://u@h,/d",
    "postgres://u@h:port/d",
    "postgres://u@h/d?target_session_attrs=standby",
    "mysql://u@h/d",
  ])("%s is refused, without being repeated: it may hold a password", (url) => {
    expect(() => parseDatabaseUrl(url)).toThrow("CONFIG_BAD_DATABASE: DATABASE_URL must be");
    expect(() => parseDatabaseUrl(url)).not.toThrow(url);
  });
});
