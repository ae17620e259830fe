import { Binary, BSONRegExp, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from "bson";
import fc from "fast-check";
import { type Document, doubleOf, type Value } from "../values/value.ts";

/** Names of fields, without those that the engine refuses. */
const fieldName = fc
  .string({ maxLength: 6 })
  .filter((name) => !name.includes("\0") && name !== "__proto__" && !/^\d+$/.test(name));

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double().map(doubleOf),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: "grapheme" }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(Uint8Array.from(bytes))),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Binary(Uint8Array.from(bytes))),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => new Timestamp(bits)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => Decimal128.fromString(String(number))),
  fc.constantFrom<Value>(new MinKey(), new MaxKey(), new BSONRegExp("a+", "i"), new Code("f()"), new Double(3)),
);

/** Any document that the engine can hold. */
export const anyDocument: fc.Arbitrary<Document> = fc.letrec<{ value: Value; document: Document }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    tie("document"),
  ),
  document: fc.dictionary(fieldName, tie("value"), { maxKeys: 5, noNullPrototype: true }),
})).document;

/** Any value that the engine can hold. */
export const anyValue: fc.Arbitrary<Value> = fc.oneof(scalar, anyDocument, fc.array(scalar, { maxLength: 4 }));
