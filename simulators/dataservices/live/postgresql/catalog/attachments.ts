import { SUPERUSER } from "../roles.ts";
import { IS_OURS, NAME, OF_EXTENSION, OURS, RELATIONS } from "./fragments.ts";

/* What comes with the objects once they are there: grants, comments, values of sequences, large objects. */

const RELATION_KIND = "CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END";
const ROUTINE = "format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))";

/** Grants that differ from what an owner has by default: what to grant on, and each privilege as it stands. */
export const GRANTS = `
  SELECT o.target, o.columns, x.privilege_type AS privilege, x.is_grantable AS grantable, CASE x.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(x.grantee) END AS grantee
  FROM (
    SELECT ${RELATION_KIND} || ' ' || ${NAME} AS target, NULL AS columns, c.relacl AS acl FROM ${RELATIONS} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND ${IS_OURS}
    UNION ALL SELECT 'TABLE ' || ${NAME}, format('%I', a.attname), a.attacl FROM ${RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE ${IS_OURS}
    UNION ALL SELECT 'ROUTINE ' || ${ROUTINE}, NULL, p.proacl FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind <> 'a' AND ${OURS("pg_proc", "p", "pronamespace")}
    UNION ALL SELECT format('SCHEMA %I', n.nspname), NULL, n.nspacl FROM pg_namespace n WHERE n.oid >= 16384 AND n.nspname NOT LIKE 'pg\\_%' AND NOT ${OF_EXTENSION("pg_namespace", "n.oid")}
    UNION ALL SELECT format('TYPE %I.%I', n.nspname, t.typname), NULL, t.typacl FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${OURS("pg_type", "t", "typnamespace")}
  ) o CROSS JOIN LATERAL aclexplode(o.acl) WITH ORDINALITY x (grantor, grantee, privilege_type, is_grantable, place) WHERE o.acl IS NOT NULL AND x.grantee <> (SELECT oid FROM pg_roles WHERE rolname = '${SUPERUSER}')
  ORDER BY 1, 2 NULLS FIRST, x.place`;

/** Comments on objects, as pg_identify_object names them. */
export const COMMENTS = `
  SELECT i.type, i.identity, d.description FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  WHERE (d.objoid >= 16384 OR d.classoid = 'pg_largeobject'::regclass) AND d.classoid <> 'pg_extension'::regclass AND i.identity IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = d.classoid AND e.objid = d.objoid) ORDER BY 1, 2`;

/** The names of all tables, for LOCK. */
export const TABLES = `SELECT string_agg(${NAME}, ', ' ORDER BY 1) AS names FROM ${RELATIONS} WHERE c.relkind IN ('r', 'p') AND ${IS_OURS}`;

/** The names of all sequences, whose values are read one by one. */
export const SEQUENCES = `SELECT ${NAME} AS name FROM ${RELATIONS} WHERE c.relkind = 'S' AND ${IS_OURS} ORDER BY 1`;

/** Statements that make all large objects again. */
export const LARGE_OBJECTS =
  "SELECT format('SELECT lo_from_bytea(%s, %L)', oid, lo_get(oid)) AS sql FROM pg_largeobject_metadata ORDER BY oid";
/** What they take in a dump, in bytes: each byte becomes two hexadecimal digits. */
export const LARGE_OBJECTS_BYTES =
  "SELECT coalesce(sum(octet_length(data)), 0)::bigint * 2 AS bytes FROM pg_largeobject";
