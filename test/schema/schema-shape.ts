import type { QueryRunner } from 'typeorm';

/** A column, as code that reads and writes it must know it. */
export interface Column {
  readonly type: string;
  readonly isFilled: boolean;
  readonly hasDefault: boolean;
}

/** A table, a view or a sequence. */
export interface Relation {
  readonly columns: ReadonlyMap<string, Column>;
  /** What Postgres requires of its rows: its words, by name. */
  readonly rules: ReadonlyMap<string, Rule>;
}

/** A constraint, a unique index or a trigger. */
export interface Rule {
  readonly words: string;
  /** The columns that it is about; none of a trigger. */
  readonly columns: readonly string[];
  /** The table whose rows it keeps from being deleted, where that is another one. */
  readonly holds: string | undefined;
}

/** What the schema is, as the catalogue of Postgres tells it, without indexes that only make things faster. */
export type SchemaShape = ReadonlyMap<string, Relation>;

const columnsOf = `
  select c.relname as relation, a.attname as name, a.attnotnull as "isFilled",
         format_type(a.atttypid, a.atttypmod) || coalesce(' ' || l.collname, '') as type,
         a.atthasdef or a.attidentity <> '' as "hasDefault"
    from pg_class c
    left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_collation l on l.oid = a.attcollation and l.collname <> 'default'
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')`;

const rulesOf = `
  select c.relname as relation, k.conname as name, pg_get_constraintdef(k.oid) as words,
         array(select attname::text from pg_attribute
                where attrelid = c.oid and attnum = any (k.conkey)) as columns,
         case when k.contype = 'f' and k.confdeltype in ('a', 'r') then k.confrelid::regclass::text end as holds
    from pg_constraint k join pg_class c on c.oid = k.conrelid
   where c.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f', 'c', 'x')
  union all
  select c.relname, i.relname, pg_get_indexdef(i.oid),
         array(select attname::text from pg_attribute
                where attrelid = c.oid and attnum = any (x.indkey)), null
    from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
   where c.relnamespace = 'public'::regnamespace and x.indisunique
     and not exists (select 1 from pg_constraint k where k.conindid = i.oid)
  union all
  select c.relname, t.tgname, pg_get_triggerdef(t.oid), '{}', null
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
   where c.relnamespace = 'public'::regnamespace and not t.tgisinternal`;

interface ColumnRow extends Column {
  readonly relation: string;
  /** Null: a relation without a column. */
  readonly name: string | null;
}

interface RuleRow extends Omit<Rule, 'holds'> {
  readonly relation: string;
  readonly name: string;
  readonly holds: string | null;
}

/** Reads what the schema is now. */
export async function readShape(runner: QueryRunner): Promise<SchemaShape> {
  const shape = new Map<string, { columns: Map<string, Column>; rules: Map<string, Rule> }>();
  const columns = (await runner.query(columnsOf)) as unknown as ColumnRow[];
  for (const { relation, name, ...column } of columns) {
    if (!shape.has(relation)) shape.set(relation, { columns: new Map(), rules: new Map() });
    if (name !== null) shape.get(relation)?.columns.set(name, column);
  }
  const rules = (await runner.query(rulesOf)) as unknown as RuleRow[];
  for (const { relation, name, words, columns: about, holds } of rules)
    shape.get(relation)?.rules.set(name, { words, columns: about, holds: holds ?? undefined });
  return shape;
}
