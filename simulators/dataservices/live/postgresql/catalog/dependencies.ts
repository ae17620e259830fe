import { KEY } from "./fragments.ts";

/** `name` stands for `key` in dependencies: what is made together with another object. */
export const ALIASES = `
  SELECT ${KEY("pg_type", "c.reltype")} AS name, CASE c.relkind WHEN 'c' THEN ${KEY("pg_type", "c.reltype")} ELSE ${KEY("pg_class", "c.oid")} END AS key FROM pg_class c WHERE c.reltype >= 16384
  UNION ALL SELECT ${KEY("pg_class", "c.oid")}, ${KEY("pg_type", "c.reltype")} FROM pg_class c WHERE c.relkind = 'c' AND c.oid >= 16384
  UNION ALL SELECT ${KEY("pg_type", "t.typarray")}, CASE WHEN t.typtype = 'c' AND c.relkind <> 'c' THEN ${KEY("pg_class", "c.oid")} ELSE ${KEY("pg_type", "t.oid")} END
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typarray >= 16384
  UNION ALL SELECT ${KEY("pg_type", "r.rngmultitypid")}, ${KEY("pg_type", "r.rngtypid")} FROM pg_range r WHERE r.rngtypid >= 16384
  UNION ALL SELECT ${KEY("pg_rewrite", "r.oid")}, ${KEY("pg_class", "r.ev_class")} FROM pg_rewrite r WHERE r.rulename = '_RETURN' AND r.oid >= 16384
  UNION ALL SELECT ${KEY("pg_attrdef", "d.oid")}, ${KEY("pg_class", "d.adrelid")} FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attgenerated <> ''
  UNION ALL SELECT ${KEY("pg_constraint", "k.oid")}, ${KEY("pg_type", "k.contypid")} FROM pg_constraint k WHERE k.contypid >= 16384
  UNION ALL SELECT ${KEY("pg_class", "k.conindid")}, ${KEY("pg_constraint", "k.oid")} FROM pg_constraint k WHERE k.contype IN ('p', 'u', 'x') AND k.conindid >= 16384
  UNION ALL SELECT d.classid::regclass || ':' || d.objid, d.refclassid::regclass || ':' || d.refobjid FROM pg_depend d WHERE d.deptype = 'e' AND d.objid >= 16384`;

/** `key` needs `needs` to be there before it. */
export const DEPENDENCIES = `
  SELECT classid::regclass || ':' || objid AS key, refclassid::regclass || ':' || refobjid AS needs FROM pg_depend WHERE deptype IN ('n', 'a', 'i') AND objid >= 16384 AND refobjid >= 16384
  UNION ALL SELECT 'partition:' || inhrelid, 'pg_class:' || each FROM pg_inherits, unnest(ARRAY[inhrelid, inhparent]) each
  UNION ALL SELECT 'rows:' || oid, 'pg_class:' || oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384
  UNION ALL SELECT 'rows:' || inhrelid, 'partition:' || inhrelid FROM pg_inherits
  UNION ALL SELECT 'pg_constraint:' || k.oid, 'rows:' || each FROM pg_constraint k, unnest(ARRAY[k.conrelid, k.confrelid]) each WHERE k.conrelid >= 16384
  UNION ALL SELECT 'pg_trigger:' || oid, 'rows:' || tgrelid FROM pg_trigger WHERE oid >= 16384
  UNION ALL SELECT 'pg_rewrite:' || oid, 'rows:' || ev_class FROM pg_rewrite WHERE oid >= 16384
  UNION ALL SELECT 'security:' || oid, 'rows:' || oid FROM pg_class WHERE oid >= 16384
  UNION ALL SELECT 'not null:' || attrelid || '.' || attnum, 'pg_class:' || attrelid FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT 'column setting:' || attrelid || '.' || attnum, 'pg_class:' || attrelid FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT setting || ':' || indrelid, 'pg_class:' || indexrelid FROM pg_index, unnest(ARRAY['identity', 'cluster']) setting WHERE indrelid >= 16384
  UNION ALL SELECT setting || ':' || oid, 'pg_class:' || oid FROM pg_class, unnest(ARRAY['identity', 'cluster', 'toast']) setting WHERE oid >= 16384`;
