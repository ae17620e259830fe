import { expect, test } from "vitest";
import { wallClock } from "./clock.ts";
import { curlLine } from "./http/curl.ts";
import { publicRequest } from "./http/observation.ts";
import { REDACTED } from "./http/redact.ts";
import { buildRequest } from "./request.ts";

const basic = (login: string): string => `Basic ${Buffer.from(login).toString("base64")}`;

/**
 * The catalog request as evidence shows it, sent with other headers to a target with the login `admin` and
 * `hunter2`.
 */
function shownWith(headers: Readonly<Record<string, string | null>> | undefined) {
  const request = buildRequest(
    {
      target: {
        url: "http://127.0.0.1:1",
        auth: { kind: "basic", username: "admin", password: "hunter2" },
        headers: {},
      },
      transport: () => Promise.reject(new Error("nothing is sent")),
      clock: wallClock,
      minor: 17,
      newId: () => "id",
      operationMsMax: 1,
      pollMsMin: 1,
      pollMsMax: 1,
      cleanupMsMax: 1,
    },
    "catalog",
    headers === undefined ? {} : { headers },
  );
  return publicRequest(request);
}

test.each([
  ["no Basic at all", "Basic"],
  ["what is not base64", "Basic %%%"],
  ["another password", basic("admin:wrong")],
])("an Authorization header with %s is shown as sent", (_what, value) => {
  const shown = shownWith({ Authorization: value });
  expect(shown.headers["Authorization"]).toBe(value);
  expect(curlLine(shown)).toContain(`-H 'Authorization: ${value}'`);
});

test.each([
  ["the usual one", undefined],
  ["the right one under another scheme", { Authorization: basic("admin:hunter2").replace("Basic", "Bearer") }],
  ["one that holds the password", { Authorization: "Basic admin:hunter2" }],
  ["a password that begins with the right one", { Authorization: basic("admin:hunter2x") }],
])("nothing of an Authorization header is shown if it is %s", (_what, headers) => {
  const shown = shownWith(headers);
  expect(shown.headers["Authorization"]).toBe(REDACTED);
  expect(curlLine(shown)).toContain('"Authorization: $DRYDOCK_AUTHORIZATION"');
});
