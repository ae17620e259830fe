import { describe, expect, it } from "vitest";
import { isOutage } from "./outage.ts";

const failure = (code: string | undefined, message = "", syscall?: string): Error =>
  Object.assign(new Error(message), code !== undefined && { code }, syscall !== undefined && { syscall });

describe("an outage of the database", () => {
  it.each([
    ["08006", undefined],
    ["28P01", undefined],
    ["3D000", undefined],
    ["25006", undefined],
    ["40001", undefined],
    ["53300", undefined],
    ["57014", undefined],
    ["57P01", undefined],
    ["57P02", undefined],
    ["57P03", undefined],
    ["58030", undefined],
    ["ECONNREFUSED", "connect"],
    ["ECONNRESET", "read"],
    ["EPIPE", "write"],
    ["ETIMEDOUT", "read"],
    ["EHOSTUNREACH", "connect"],
    ["ENOTFOUND", "getaddrinfo"],
    ["EAI_AGAIN", "getaddrinfo"],
    ["ENOENT", "connect"],
    ["EACCES", "connect"],
    ["EAGAIN", "connect"],
    ["EMFILE", "connect"],
  ])("is what %s says of %s", (code, syscall) => {
    expect(isOutage(failure(code, "", syscall))).toBe(true);
  });

  it.each([
    "Connection terminated",
    "Connection terminated unexpectedly",
    "Connection terminated due to connection timeout",
    "timeout exceeded when trying to connect",
    "timeout expired",
    "Query read timeout",
    "Client has encountered a connection error and is not queryable",
  ])("is what pg means by: %s", (message) => {
    expect(isOutage(failure(undefined, message))).toBe(true);
  });

  it("is a table that has changed under a prepared statement", () => {
    expect(isOutage(failure("0A000", "cached plan must not change result type"))).toBe(true);
  });

  it("is an outage of every address of a name", () => {
    const refused = failure("ECONNREFUSED", "", "connect");
    expect(isOutage(new AggregateError([refused, failure("ENETUNREACH", "", "connect")]))).toBe(true);
    expect(isOutage(new AggregateError([refused, new TypeError("a defect")]))).toBe(false);
  });

  it.each([
    failure("0A000", "cursors of this kind are not implemented"),
    failure("22021", "invalid byte sequence"),
    failure("23505", "duplicate key"),
    failure("42P01", "relation does not exist"),
    failure("XX000", "internal error"),
    failure("ENOENT", "no such file", "open"),
    failure("EACCES", "", "open"),
    failure(undefined, "Cannot use a pool after calling end on the pool"),
    new TypeError("a defect"),
    "57P01",
    undefined,
  ])("is not indicated by %s", (error) => {
    expect(isOutage(error)).toBe(false);
  });
});
