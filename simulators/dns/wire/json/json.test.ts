import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { decodeJson } from "./decode.ts";
import { type Json, JsonError, parseJson } from "./parse.ts";
import { printJson } from "./print.ts";
import { BOOL, INT, lax, listOf, mapOf, STRING, STRINGS, structOf, UINT64 } from "./shape.ts";

function plain(json: Json): unknown {
  switch (json.kind) {
    case "null":
      return null;
    case "number":
      return Number(json.text);
    case "array":
      return json.items.map(plain);
    case "object":
      return Object.fromEntries(json.members.map(([key, value]) => [key, plain(value)]));
    default:
      return json.value;
  }
}

const value = fc.jsonValue({ noUnpairedSurrogates: true } as never);

describe("JSON as Go reads and writes it", () => {
  test.prop([value])("is what JSON.parse reads", (given) => {
    const text = JSON.stringify(given);
    expect(plain(parseJson(text))).toEqual(JSON.parse(text));
  });

  test.prop([value, fc.boolean()])("is printed so that it can be read back", (given, pretty) => {
    const text = printJson(given, pretty);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(given)));
    expect(text).not.toMatch(/[<>&\u2028\u2029]/);
  });

  test.prop([fc.dictionary(fc.string(), value, { minKeys: 1 }), fc.nat()])(
    "ends unexpectedly wherever it is cut off",
    (given, at) => {
      const text = JSON.stringify(given);
      const cut = text.slice(0, at % text.length);
      expect(() => parseJson(cut)).toThrow(cut === "" ? "EOF" : "unexpected EOF");
    },
  );

  test.prop([fc.string()])("never fails except with its own error", (text) => {
    try {
      parseJson(text);
    } catch (error) {
      expect(error).toBeInstanceOf(JsonError);
    }
  });
});

describe("a value that is nested too deeply", () => {
  test.each([
    ["[".repeat(100_000), "unexpected EOF"],
    [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, "exceeded max depth"],
    [`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`, "exceeded max depth"],
  ])("is refused without overflowing the stack", (text, message) => {
    expect(() => parseJson(text)).toThrow(message);
  });

  test("does not count brackets within a string", () => {
    expect(parseJson(JSON.stringify("[".repeat(1000)))).toEqual({ kind: "string", value: "[".repeat(1000) });
  });
});

const SHAPE = structOf("x.Thing", { Name: STRING, Port: INT, Tags: STRINGS });

describe("a decoded structure", () => {
  const refusals: readonly (readonly [string, string])[] = [
    ['{"Name":5}', "json: cannot unmarshal number into Go struct field Thing.Name of type string"],
    ['{"Tags":"x"}', "json: cannot unmarshal string into Go struct field Thing.Tags of type []string"],
    ["[]", "json: cannot unmarshal array into Go value of type x.Thing"],
    ['{"Nope":1}', 'json: unknown field "Nope"'],
    ["{bad", "invalid character 'b' looking for beginning of object key string"],
    ["", "EOF"],
  ];
  test.each(refusals)("refuses %s in Go's words", (text, message) => {
    expect(() => decodeJson(text, SHAPE)).toThrow(message);
  });

  test("ignores the case of names and what follows the value", () => {
    expect(decodeJson('{"name":"a","PORT":1} rest', SHAPE)).toEqual({ Name: "a", Port: 1 });
  });

  test("ignores unknown members where it is lax", () => {
    expect(decodeJson('{"Nope":1,"Port":2}', lax(SHAPE))).toEqual({ Port: 2 });
  });

  test("puts Go's zero value wherever null stands in a list or a map", () => {
    const shape = structOf("x.Zeros", {
      Texts: STRINGS,
      Flags: listOf(BOOL, "[]bool"),
      Counts: listOf(UINT64, "[]uint64"),
      Ports: mapOf(INT),
    });
    expect(decodeJson('{"Texts":[null],"Flags":[null],"Counts":[null,7],"Ports":{"a":null}}', shape)).toEqual({
      Texts: [""],
      Flags: [false],
      Counts: [0n, 7n],
      Ports: { a: 0 },
    });
  });
});
