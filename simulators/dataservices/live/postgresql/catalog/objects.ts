import { IS_OURS, KEY, NAME, OF_EXTENSION, OURS, RELATIONS } from "./fragments.ts";

/*
 * The queries that turn the catalog of a PostgreSQL (14 and later) back into statements. Each answers rows of `key` (the object's
 * `class:oid`) and `sql`. They run with an empty search_path, so that every name comes out qualified. Objects of extensions,
 * of the system and of schema public (where nobody may create) are left out.
 */

const COLLATED = `CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN ' COLLATE ' ||
  (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) ELSE '' END`;
const OPTIONS = "coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')";
const SEQUENCE = `format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache)
  || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END`;

/** From PostgreSQL 18 on it is a constraint with a name; one that is not valid comes after the rows. */
const NOT_NULL = `coalesce((SELECT CASE WHEN k.convalidated THEN format(' CONSTRAINT %I NOT NULL', k.conname) || CASE WHEN k.connoinherit THEN ' NO INHERIT' ELSE '' END ELSE '' END
    FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]), ' NOT NULL')`;

const COLUMN = `format('%I ', a.attname) || format_type(a.atttypid, a.atttypmod) || ${COLLATED}
  || CASE WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || CASE a.attgenerated WHEN 's' THEN ') STORED' ELSE ') VIRTUAL' END ELSE '' END
  || CASE WHEN a.attidentity <> '' THEN ' GENERATED ' || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS IDENTITY (SEQUENCE NAME ' || (
       SELECT format('%I.%I ', sn.nspname, sc.relname) || ${SEQUENCE}
         FROM pg_depend sd JOIN pg_class sc ON sc.oid = sd.objid AND sc.relkind = 'S' JOIN pg_namespace sn ON sn.oid = sc.relnamespace JOIN pg_sequence s ON s.seqrelid = sc.oid
        WHERE sd.classid = 'pg_class'::regclass AND sd.refobjid = a.attrelid AND sd.refobjsubid = a.attnum AND sd.deptype = 'i') || ')' ELSE '' END
  || CASE WHEN a.attnotnull THEN ${NOT_NULL} ELSE '' END`;

/** In the order in which objects come when nothing else orders them; `rank` below is the place in this list. */
export const NODES: readonly { readonly kind: string; readonly query: string }[] = [
  {
    kind: "schema",
    query: `SELECT ${KEY("pg_namespace", "n.oid")} AS key, format('CREATE SCHEMA %I', n.nspname) AS sql FROM pg_namespace n
      WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'public') AND NOT ${OF_EXTENSION("pg_namespace", "n.oid")} ORDER BY n.nspname`,
  },
  {
    kind: "extension",
    query: `SELECT ${KEY("pg_extension", "e.oid")} AS key, format('CREATE EXTENSION %I WITH SCHEMA %I', e.extname, n.nspname)
        || CASE WHEN e.extversion <> v.default_version THEN ' VERSION ' || quote_literal(e.extversion) ELSE '' END AS sql
      FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace LEFT JOIN pg_available_extensions v ON v.name = e.extname WHERE e.extname <> 'plpgsql' ORDER BY e.extname`,
  },
  {
    kind: "type",
    query: `SELECT ${KEY("pg_type", "t.oid")} AS key, CASE t.typtype
      WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname, (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
      WHEN 'd' THEN format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))
        || CASE WHEN t.typcollation <> (SELECT b.typcollation FROM pg_type b WHERE b.oid = t.typbasetype) THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
        || coalesce((SELECT string_agg(format(' CONSTRAINT %I ', k.conname) || pg_get_constraintdef(k.oid), '' ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '')
      WHEN 'c' THEN format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname, (SELECT string_agg(format('%I ', a.attname) || format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attcollation <> (SELECT b.typcollation FROM pg_type b WHERE b.oid = a.atttypid) THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
      WHEN 'r' THEN (SELECT format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s', n.nspname, t.typname, format_type(r.rngsubtype, NULL)) || CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::regproc ELSE '' END || format(', MULTIRANGE_TYPE_NAME = %I.%I)', n.nspname, (SELECT typname FROM pg_type WHERE oid = r.rngmultitypid)) FROM pg_range r WHERE r.rngtypid = t.oid)
      END AS sql
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE ${OURS("pg_type", "t", "typnamespace")} AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')
      ORDER BY n.nspname, t.typname`,
  },
  {
    kind: "function",
    query: `SELECT ${KEY("pg_proc", "p.oid")} AS key, pg_get_functiondef(p.oid) AS sql FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE ${OURS("pg_proc", "p", "pronamespace")} AND p.prokind <> 'a' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
      ORDER BY n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)`,
  },
  {
    kind: "table",
    query: `SELECT ${KEY("pg_class", "c.oid")} AS key, 'CREATE ' || CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END || 'TABLE ' || ${NAME} || ' (' || coalesce((
        SELECT string_agg(${COLUMN}, ', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR c.relispartition)), '') || ')'
      || coalesce(' INHERITS (' || (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT c.relispartition) || ')', '')
      || CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END || ${OPTIONS} AS sql
      FROM ${RELATIONS} WHERE c.relkind IN ('r', 'p') AND c.reloftype = 0 AND ${IS_OURS} ORDER BY n.nspname, c.relname`,
  },
  {
    kind: "sequence",
    query: `SELECT ${KEY("pg_class", "c.oid")} AS key, 'CREATE SEQUENCE ' || ${NAME} || ' AS ' || format_type(s.seqtypid, NULL) || ' ' || ${SEQUENCE}
      || coalesce((SELECT ' OWNED BY ' || format('%I.%I.%I', tn.nspname, tc.relname, a.attname) FROM pg_depend d JOIN pg_class tc ON tc.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = tc.relnamespace
          JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'), '') AS sql
      FROM ${RELATIONS} JOIN pg_sequence s ON s.seqrelid = c.oid
      WHERE ${IS_OURS} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i') ORDER BY n.nspname, c.relname`,
  },
  {
    kind: "default",
    query: `SELECT ${KEY("pg_attrdef", "d.oid")} AS key, format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s', ${NAME}, a.attname, pg_get_expr(d.adbin, d.adrelid)) AS sql
      FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum JOIN ${RELATIONS} ON c.oid = d.adrelid
      WHERE a.attgenerated = '' AND ${IS_OURS} ORDER BY n.nspname, c.relname, a.attnum`,
  },
  {
    kind: "partition",
    query: `SELECT 'partition:' || c.oid AS key, format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', i.inhparent::regclass, ${NAME}, pg_get_expr(c.relpartbound, c.oid)) AS sql
      FROM ${RELATIONS} JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relispartition AND c.relkind IN ('r', 'p') AND ${IS_OURS} ORDER BY n.nspname, c.relname`,
  },
  /** `sql` is the operand of COPY: the table with its columns, if it has any that are stored and not generated. */
  {
    kind: "rows",
    query: `SELECT 'rows:' || c.oid AS key, ${NAME} AS name, ${NAME} || coalesce(' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')', '') AS sql
      FROM ${RELATIONS} LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      WHERE c.relkind = 'r' AND ${IS_OURS} GROUP BY c.oid, n.nspname, c.relname ORDER BY n.nspname, c.relname`,
  },
  {
    kind: "index",
    query: `SELECT ${KEY("pg_class", "c.oid")} AS key, pg_get_indexdef(c.oid) AS sql FROM ${RELATIONS} JOIN pg_index i ON i.indexrelid = c.oid
      WHERE ${IS_OURS} AND i.indisvalid AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))
        AND NOT EXISTS (SELECT FROM pg_class o WHERE o.oid = i.indrelid AND o.relkind = 't') ORDER BY n.nspname, c.relname`,
  },
  {
    kind: "index partition",
    query: `SELECT 'partition:' || c.oid AS key, format('ALTER INDEX %s ATTACH PARTITION %s', i.inhparent::regclass, ${NAME}) AS sql
      FROM ${RELATIONS} JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind IN ('i', 'I') AND ${IS_OURS}
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')) ORDER BY n.nspname, c.relname`,
  },
  {
    kind: "constraint",
    query: `SELECT ${KEY("pg_constraint", "k.oid")} AS key, format('ALTER TABLE %s ADD CONSTRAINT %I %s', ${NAME}, k.conname, pg_get_constraintdef(k.oid)) AS sql
      FROM pg_constraint k JOIN ${RELATIONS} ON c.oid = k.conrelid
      WHERE k.contype IN ('p', 'u', 'x', 'c') AND k.conparentid = 0 AND (k.conislocal OR c.relispartition) AND (k.coninhcount = 0 OR k.conislocal) AND ${IS_OURS} ORDER BY n.nspname, c.relname, k.conname`,
  },
  {
    kind: "not null",
    query: `SELECT ${KEY("pg_constraint", "k.oid")} AS key, format('ALTER TABLE %s ADD CONSTRAINT %I %s', ${NAME}, k.conname, pg_get_constraintdef(k.oid)) AS sql
      FROM pg_constraint k JOIN ${RELATIONS} ON c.oid = k.conrelid WHERE k.contype = 'n' AND NOT k.convalidated AND k.conislocal AND ${IS_OURS}
      UNION ALL SELECT 'not null:' || c.oid || '.' || a.attnum, format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', ${NAME}, a.attname)
      FROM ${RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.attislocal WHERE c.relkind = 'r' AND NOT c.relispartition AND ${IS_OURS}
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND (k.coninhcount > 0 OR NOT k.convalidated)) ORDER BY 1`,
  },
  {
    kind: "column setting",
    query: `SELECT 'column setting:' || c.oid || '.' || a.attnum AS key, CASE WHEN c.relkind IN ('i', 'I') THEN format('ALTER INDEX %s ', ${NAME}) ELSE format('ALTER TABLE ONLY %s ', ${NAME}) END || concat_ws(', ',
        CASE WHEN a.attstorage <> t.typstorage AND c.relkind IN ('r', 'p') THEN format('ALTER COLUMN %I SET STORAGE ', a.attname) || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
        CASE a.attcompression WHEN 'p' THEN format('ALTER COLUMN %I SET COMPRESSION pglz', a.attname) WHEN 'l' THEN format('ALTER COLUMN %I SET COMPRESSION lz4', a.attname) END,
        CASE WHEN a.attstattarget >= 0 THEN format('ALTER COLUMN %s SET STATISTICS %s', CASE WHEN c.relkind IN ('i', 'I') THEN a.attnum::text ELSE quote_ident(a.attname) END, a.attstattarget) END,
        CASE WHEN a.attoptions IS NOT NULL THEN format('ALTER COLUMN %I SET (%s)', a.attname, array_to_string(a.attoptions, ', ')) END) AS sql
      FROM ${RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
      WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND ${IS_OURS} AND (a.attstorage <> t.typstorage AND c.relkind IN ('r', 'p') OR a.attcompression <> '' AND c.relkind IN ('r', 'p') OR a.attstattarget >= 0 OR a.attoptions IS NOT NULL)
      ORDER BY n.nspname, c.relname, a.attnum`,
  },
  {
    kind: "table setting",
    query: `SELECT 'identity:' || c.oid AS key, format('ALTER TABLE ONLY %s REPLICA IDENTITY ', ${NAME}) || CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
        ELSE (SELECT format('USING INDEX %I', o.relname) FROM pg_index i JOIN pg_class o ON o.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END AS sql
      FROM ${RELATIONS} WHERE c.relkind IN ('r', 'p') AND c.relreplident <> 'd' AND ${IS_OURS}
      UNION ALL SELECT 'cluster:' || c.oid, format('ALTER TABLE %s CLUSTER ON %I', ${NAME}, o.relname) FROM ${RELATIONS} JOIN pg_index i ON i.indrelid = c.oid AND i.indisclustered JOIN pg_class o ON o.oid = i.indexrelid WHERE ${IS_OURS}
      UNION ALL SELECT 'toast:' || c.oid, format('ALTER TABLE %s SET (%s)', ${NAME}, (SELECT string_agg('toast.' || each, ', ') FROM unnest(o.reloptions) each)) FROM ${RELATIONS} JOIN pg_class o ON o.oid = c.reltoastrelid WHERE o.reloptions IS NOT NULL AND ${IS_OURS}
      ORDER BY 1`,
  },
  {
    kind: "view",
    query: `SELECT ${KEY("pg_class", "c.oid")} AS key, 'CREATE ' || CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END || 'VIEW ' || ${NAME} || ${OPTIONS} || ' AS ' || rtrim(pg_get_viewdef(c.oid), '; ')
      || CASE c.relkind WHEN 'm' THEN ' WITH NO DATA' ELSE '' END AS sql,
      CASE WHEN c.relkind = 'm' AND c.relispopulated THEN 'REFRESH MATERIALIZED VIEW ' || ${NAME} END AS after
      FROM ${RELATIONS} WHERE c.relkind IN ('v', 'm') AND ${IS_OURS} ORDER BY n.nspname, c.relname`,
  },
  {
    kind: "rule",
    query: `SELECT ${KEY("pg_rewrite", "r.oid")} AS key, pg_get_ruledef(r.oid) || CASE r.ev_enabled WHEN 'O' THEN '' ELSE format(' ALTER TABLE %s %s RULE %I', ${NAME},
        CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, r.rulename) END AS sql FROM pg_rewrite r JOIN ${RELATIONS} ON c.oid = r.ev_class
      WHERE r.rulename <> '_RETURN' AND ${IS_OURS} ORDER BY n.nspname, c.relname, r.rulename`,
  },
  {
    kind: "statistics",
    query: `SELECT ${KEY("pg_statistic_ext", "x.oid")} AS key, pg_get_statisticsobjdef(x.oid) || CASE WHEN x.stxstattarget >= 0 THEN format('; ALTER STATISTICS %I.%I SET STATISTICS %s', x.stxnamespace::regnamespace::text, x.stxname, x.stxstattarget) ELSE '' END AS sql FROM pg_statistic_ext x
      WHERE ${OURS("pg_statistic_ext", "x", "stxnamespace")} ORDER BY x.stxname`,
  },
  {
    kind: "foreign key",
    query: `SELECT ${KEY("pg_constraint", "k.oid")} AS key, format('ALTER TABLE %s ADD CONSTRAINT %I %s', ${NAME}, k.conname, pg_get_constraintdef(k.oid)) AS sql
      FROM pg_constraint k JOIN ${RELATIONS} ON c.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0 AND ${IS_OURS} ORDER BY n.nspname, c.relname, k.conname`,
  },
  {
    kind: "trigger",
    query: `SELECT ${KEY("pg_trigger", "g.oid")} AS key, pg_get_triggerdef(g.oid) || CASE g.tgenabled WHEN 'O' THEN '' ELSE format('; ALTER TABLE %s %s TRIGGER %I', ${NAME},
        CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, g.tgname) END AS sql
      FROM pg_trigger g JOIN ${RELATIONS} ON c.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND ${IS_OURS} ORDER BY n.nspname, c.relname, g.tgname`,
  },
  {
    kind: "policy",
    query: `SELECT ${KEY("pg_policy", "y.oid")} AS key, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', y.polname, ${NAME}, CASE WHEN y.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE y.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        (SELECT string_agg(CASE o WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(o)) END, ', ') FROM unnest(y.polroles) o))
      || coalesce(' USING (' || pg_get_expr(y.polqual, y.polrelid) || ')', '') || coalesce(' WITH CHECK (' || pg_get_expr(y.polwithcheck, y.polrelid) || ')', '') AS sql
      FROM pg_policy y JOIN ${RELATIONS} ON c.oid = y.polrelid WHERE ${IS_OURS} ORDER BY n.nspname, c.relname, y.polname`,
  },
  {
    kind: "row security",
    query: `SELECT 'security:' || c.oid AS key, 'ALTER TABLE ' || ${NAME} || CASE WHEN c.relrowsecurity THEN ' ENABLE' ELSE ' DISABLE' END || ' ROW LEVEL SECURITY'
      || CASE WHEN c.relforcerowsecurity THEN ', FORCE ROW LEVEL SECURITY' ELSE '' END AS sql
      FROM ${RELATIONS} WHERE c.relkind IN ('r', 'p') AND (c.relrowsecurity OR c.relforcerowsecurity) AND ${IS_OURS} ORDER BY n.nspname, c.relname`,
  },
];
