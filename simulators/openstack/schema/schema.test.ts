import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkValue, explainFailure, type Schema, validate } from "./index.ts";

interface Example {
  readonly schema: Schema;
  /** Generates valid values. */
  readonly values: fc.Arbitrary<unknown>;
}

const scalar: fc.Arbitrary<Example> = fc.oneof(
  fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })).map(([minLength, more]): Example => {
    const maxLength = minLength + more;
    const values = fc.string({ minLength, maxLength, unit: fc.constantFrom("a", "Z", "0", "ü", "😀") });
    return { schema: { type: "string", minLength, maxLength }, values };
  }),
  fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat({ max: 50 })).map(([minimum, more]): Example => {
    const values = fc.integer({ min: minimum, max: minimum + more });
    return { schema: { type: "integer", minimum, maximum: minimum + more }, values };
  }),
  fc.constant<Example>({ schema: { type: ["boolean", "null"] }, values: fc.constantFrom(true, false, null) }),
  fc.constant<Example>({ schema: { enum: ["a", 1, null] }, values: fc.constantFrom("a", 1, null) }),
);

const listOf = ({ schema, values }: Example): Example => ({
  schema: { type: "array", items: schema, maxItems: 3 },
  values: fc.array(values, { maxLength: 3 }),
});

const objectOf = (members: Readonly<Record<string, Example>>): Example => {
  const names = Object.keys(members);
  const properties = Object.fromEntries(names.map((name) => [name, members[name]?.schema ?? {}]));
  const values = fc.record(Object.fromEntries(names.map((name) => [name, members[name]?.values ?? fc.anything()])));
  return { schema: { type: "object", properties, required: names, additionalProperties: false }, values };
};

const example: fc.Arbitrary<Example> = fc.letrec<{ example: Example }>((tie) => ({
  example: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    tie("example").map(listOf),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("example"), { maxKeys: 3 }).map(objectOf),
  ),
})).example;

describe("validate", () => {
  it("accepts whatever is generated from the schema", () => {
    fc.assert(
      fc.property(
        example.chain(({ schema, values }) => values.map((value) => ({ schema, value }))),
        ({ schema, value }) => {
          expect(validate(schema, value)).toBeUndefined();
        },
      ),
    );
  });

  it("names a place in the value and one in the schema for each failure", () => {
    fc.assert(
      fc.property(example, fc.jsonValue(), ({ schema }, value) => {
        const failure = validate(schema, value);
        if (failure === undefined) return;
        const lead = (root: unknown, path: readonly (string | number)[]): unknown =>
          path.reduce<unknown>((at, part) => Object(at)[part], root);
        expect(lead(value, failure.path)).toBe(failure.value);
        expect(lead(schema, failure.schemaPath)).toBe(failure.schema);
        expect(Object.hasOwn(failure.schema, failure.keyword)).toBe(true);
      }),
    );
  });

  it.each<readonly [Schema, unknown, string]>([
    [{ minLength: 2, type: "string", pattern: "^b" }, "a", "'a' is too short"],
    [{ pattern: "^b", minLength: 2 }, "a", "'a' does not match '^b'"],
    [{ required: ["x"], properties: { y: { type: "integer" } } }, { y: "1" }, "'x' is a required property"],
    [{ properties: { y: { type: "integer" } }, required: ["x"] }, { y: "1" }, "'1' is not of type 'integer'"],
    [{ properties: { b: { type: "null" }, a: { type: "null" } } }, { a: 1, b: 2 }, "2 is not of type 'null'"],
  ])("reports the first failure in the order of the schema %j", (schema, value, message) => {
    expect(validate(schema, value)?.message).toBe(message);
  });

  it.each<readonly [Schema, unknown, string]>([
    [
      { properties: { a: {} }, additionalProperties: false },
      { b: 1, c: 2 },
      "Additional properties are not allowed ('b', 'c' were unexpected)",
    ],
    [
      { patternProperties: { "^x": {} }, additionalProperties: false },
      { b: 1 },
      "'b' does not match any of the regexes: '^x'",
    ],
    [{ maxLength: 1 }, "😀😀", "'😀😀' is too long"],
    [{ uniqueItems: true }, [1, 1], "[1, 1] has non-unique elements"],
    [
      { oneOf: [{ type: "string" }, { minLength: 1 }] },
      "a",
      "'a' is valid under each of {'minLength': 1}, {'type': 'string'}",
    ],
    [{ dependencies: { a: ["b"] } }, { a: 1 }, "'b' is a dependency of 'a'"],
    [{ not: { type: "null" } }, null, "None should not be valid under {'type': 'null'}"],
    [{ maximum: 2 }, 3, "3 is greater than the maximum of 2"],
  ])("says what is wrong in the words of jsonschema: %j", (schema, value, message) => {
    expect(validate(schema, value)?.message).toBe(message);
  });

  it("counts code points, not UTF-16 units", () => {
    expect(validate({ maxLength: 1 }, "😀")).toBeUndefined();
    expect(validate({ minLength: 2 }, "😀")?.message).toBe("'😀' is too short");
  });

  it("uses the message of a format that has one, otherwise its own", () => {
    const formats = { even: (value: unknown) => Number(value) % 2 === 0, never: () => "no way" };
    expect(validate({ format: "even" }, 3, formats)?.message).toBe("3 is not a 'even'");
    expect(validate({ format: "never" }, 3, formats)?.message).toBe("no way");
    expect(validate({ format: "unknown" }, 3, formats)).toBeUndefined();
  });
});

describe("checkValue", () => {
  it("gives the value the type that its schema says", () => {
    const checked = checkValue(
      { type: "object", properties: { size: { type: "integer" } }, required: ["size"] },
      { size: 3 },
    );
    const size: number = checked.ok ? checked.value.size : 0;
    expect(size).toBe(3);
  });
});

describe("explainFailure", () => {
  it("prints the schema and the value with the path to each", () => {
    const failure = validate({ properties: { a: { items: { type: "null" } } } }, { a: [1] });
    expect(failure && explainFailure(failure)).toBe(
      [
        "1 is not of type 'null'",
        "",
        "Failed validating 'type' in schema['properties']['a']['items']:",
        "    {'type': 'null'}",
        "",
        "On instance['a'][0]:",
        "    1",
      ].join("\n"),
    );
  });
});
