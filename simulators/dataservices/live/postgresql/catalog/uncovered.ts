import { GROUP } from "../roles.ts";
import { OF_EXTENSION } from "./fragments.ts";

/** An object that belongs to another is judged with that one. */
const INDEPENDENT = (catalog: string): string =>
  `AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.deptype = 'i' AND i.classid = '${catalog}'::regclass AND i.objid = o.oid)`;

/** Objects of a catalog that a dump does not cover. */
const OTHERS = (catalog: string, condition = "true", independent = INDEPENDENT(catalog)): string =>
  `SELECT pg_describe_object('${catalog}'::regclass, o.oid, 0) AS what FROM ${catalog} o WHERE o.oid >= 16384 AND ${condition} AND NOT ${OF_EXTENSION(catalog, "o.oid")} ${independent}`;

/** What a tenant can make and a dump can't hold: the dump is then refused, rather than silently incomplete. */
export const UNCOVERED = [
  OTHERS("pg_proc", "o.prokind = 'a'"),
  OTHERS("pg_class", "(o.relkind = 'f' OR o.reloftype <> 0)"),
  OTHERS(
    "pg_type",
    `(o.typtype = 'b' AND o.typelem = 0 OR o.typtype = 'r' AND EXISTS (SELECT FROM pg_range r JOIN pg_type s ON s.oid = r.rngsubtype JOIN pg_opclass k ON k.oid = r.rngsubopc
    WHERE r.rngtypid = o.oid AND (r.rngcanonical <> 0 OR r.rngcollation <> s.typcollation OR NOT k.opcdefault)))`,
  ),
  OTHERS(
    "pg_trigger",
    "o.tgparentid <> 0 AND o.tgenabled <> (SELECT p.tgenabled FROM pg_trigger p WHERE p.oid = o.tgparentid)",
    "",
  ),
  "SELECT pg_describe_object('pg_largeobject'::regclass, o.oid, 0) || ' with grants' AS what FROM pg_largeobject_metadata o WHERE o.lomacl IS NOT NULL",
  OTHERS("pg_policy", `EXISTS (SELECT FROM unnest(o.polroles) r WHERE r <> 0 AND pg_get_userbyid(r) <> '${GROUP}')`),
  ...[
    "pg_operator",
    "pg_opclass",
    "pg_opfamily",
    "pg_cast",
    "pg_collation",
    "pg_conversion",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_foreign_server",
    "pg_foreign_data_wrapper",
    "pg_publication",
    "pg_event_trigger",
    "pg_transform",
    "pg_language",
    "pg_am",
    "pg_default_acl",
  ].map((catalog) => OTHERS(catalog)),
].join(" UNION ALL ");
