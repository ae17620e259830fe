/* Parts of the queries on the catalog. */

/** Is an object one that CREATE EXTENSION made? */
export const OF_EXTENSION = (catalog: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = '${catalog}'::regclass AND e.objid = ${oid})`;

/** Is an object in a schema of the tenant's, and not an extension's? */
export const OURS = (catalog: string, alias: string, namespace: string): string =>
  `${alias}.${namespace} IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public'))
   AND NOT ${OF_EXTENSION(catalog, `${alias}.oid`)}`;

/** The key of an object, `class:oid`. */
export const KEY = (catalog: string, oid: string): string => `'${catalog}:' || ${oid}`;
/** The qualified name of a relation of `RELATIONS`. */
export const NAME = "format('%I.%I', n.nspname, c.relname)";
/** Relations `c` with their schemas `n`. */
export const RELATIONS = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace";
/** `OURS` for the relations of `RELATIONS`. */
export const IS_OURS = OURS("pg_class", "c", "relnamespace");
