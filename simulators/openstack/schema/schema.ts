/**
 * The part of JSON Schema (draft 4) that OpenStack's request schemas use. Keywords are tried in the order in which the schema
 * lists them, as Python's jsonschema does: the order of members is part of the contract.
 */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  /** Name of a check in the `Formats` of the call; an unknown one passes everything. */
  readonly format?: string;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly not?: Schema;
  readonly dependencies?: Readonly<Record<string, readonly string[]>>;
  /** Leads to one of the root's `definitions` (`linkReferences`). */
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
  /** For readers of the schema only. */
  readonly title?: string;
  readonly description?: string;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
}

/** The first failure of a validation. */
export interface SchemaFailure {
  /** Leads from the root to `value`. */
  readonly path: readonly (string | number)[];
  /** Leads from the root schema to the keyword's schema, without the keyword. */
  readonly schemaPath: readonly (string | number)[];
  readonly value: unknown;
  /** In the words of Python's jsonschema. */
  readonly message: string;
  /** The keyword that failed and its schema (Glance and Designate show them). */
  readonly keyword: string;
  readonly schema: Schema;
}

/** Checks named by `format`: true when the value is fine, false for jsonschema's own message, or the message. */
export type Formats = Readonly<Record<string, (value: unknown) => boolean | string>>;

/** Validates against a schema; returns the first failure, `undefined` if there is none. */
export type Validate = (schema: Schema, value: unknown, formats?: Formats) => SchemaFailure | undefined;

/** One keyword's check. `validate` judges the parts of the value. */
export type Check = (value: unknown, schema: Schema, formats: Formats, validate: Validate) => SchemaFailure | undefined;
