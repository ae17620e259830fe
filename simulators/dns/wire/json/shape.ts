/** The shape of a member of a request. `go` is the name of the type in Go, which its error messages mention. */
export type Shape =
  | { readonly kind: "string" }
  | { readonly kind: "bool" }
  | { readonly kind: "float" }
  /** Anything; `check` refuses what the type behind it would. */
  | { readonly kind: "any"; readonly check?: (value: unknown) => void }
  | { readonly kind: "bytes" }
  | { readonly kind: "int"; readonly go: "int" | "int64" | "uint64" }
  /** Text such as `10s`, or a number of ns. */
  | { readonly kind: "duration" }
  | { readonly kind: "list"; readonly of: Shape; readonly go: string }
  | { readonly kind: "map"; readonly of: Shape }
  | Struct;

/** Shapes of the members of a structure, by name. */
export type StructFields = Readonly<Record<string, Shape>>;

/** A structure of Go. */
export interface Struct<F extends StructFields = StructFields> {
  readonly kind: "struct";
  /** Name in `Go struct field Name.Field`; empty for an anonymous type. */
  readonly name: string;
  /** Full type in `cannot unmarshal array into Go value of type …`. */
  readonly go: string;
  readonly fields: F;
  /** Unknown members are ignored instead of refused. */
  readonly lax: boolean;
}

/** The type of a decoded value of this shape. Members that are missing or null are `undefined`. */
export type Decoded<S extends Shape> = S extends { readonly kind: "string" }
  ? string
  : S extends { readonly kind: "bool" }
    ? boolean
    : S extends { readonly kind: "float" | "duration" }
      ? number
      : S extends { readonly kind: "bytes" }
        ? Uint8Array
        : S extends { readonly kind: "int"; readonly go: "uint64" }
          ? bigint
          : S extends { readonly kind: "int" }
            ? number
            : S extends { readonly kind: "list"; readonly of: infer O extends Shape }
              ? readonly Decoded<O>[]
              : S extends { readonly kind: "map"; readonly of: infer O extends Shape }
                ? Readonly<Record<string, Decoded<O>>>
                : S extends Struct<infer F>
                  ? DecodedStruct<F>
                  : unknown;

/** The type of a decoded structure with these members. */
export type DecodedStruct<F extends StructFields> = { readonly [N in keyof F]?: Decoded<F[N]> | undefined };

/** A text. */
export const STRING = { kind: "string" } as const;
/** True or false. */
export const BOOL = { kind: "bool" } as const;
/** A whole number, as a number. */
export const INT = { kind: "int", go: "int" } as const;
/** An unsigned whole number of 64 bits, as a bigint. */
export const UINT64 = { kind: "int", go: "uint64" } as const;
/** A number. */
export const FLOAT = { kind: "float" } as const;
/** Any value. */
export const ANY = { kind: "any" } as const;
/** Bytes, as base64. */
export const BYTES = { kind: "bytes" } as const;
/** A duration: text such as `10s`, or a number of ns. Decoded to ns. */
export const DURATION = { kind: "duration" } as const;

/** A list. */
export const listOf = <const O extends Shape>(of: O, go: string) => ({ kind: "list", of, go }) as const;
/** An object with members of any name. */
export const mapOf = <const O extends Shape>(of: O) => ({ kind: "map", of }) as const;

/** A list of texts. */
export const STRINGS = listOf(STRING, "[]string");
/** An object of texts. */
export const TEXTS = mapOf(STRING);

/** A structure named by its type in Go, such as `structs.ACLToken`; unknown members are refused. */
export const structOf = <const F extends StructFields>(go: string, fields: F): Struct<F> => ({
  kind: "struct",
  name: go.slice(go.lastIndexOf(".") + 1),
  go,
  fields,
  lax: false,
});

/** The same structure, but unknown members are ignored. */
export const lax = <F extends StructFields>(struct: Struct<F>): Struct<F> => ({ ...struct, lax: true });

/** The same structure without a name in error messages, as one that decodes itself. */
export const anonymous = <F extends StructFields>(struct: Struct<F>): Struct<F> => ({ ...struct, name: "" });
