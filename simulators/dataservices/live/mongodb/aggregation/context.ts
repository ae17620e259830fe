import { compileFilter, type FilterContext, type Predicate } from "../query/match.ts";
import type { TextOrder } from "../values/compare.ts";
import type { Document, Value } from "../values/value.ts";
import { compileExpression } from "./expressions.ts";
import { scopeOf } from "./scope.ts";

/** The context of a pipeline. */
export interface PipelineContext {
  readonly database: string;
  readonly texts: TextOrder;
  /** `$$NOW`, the variables of `let`, by name. */
  readonly variables: Readonly<Record<string, Value>>;
  /** The documents of another collection or view, as the same read sees them. */
  readonly read: (collection: string) => readonly Document[];
  /** From 0, and less than 1. */
  readonly random: () => number;
}

/** The context of filters within a pipeline or a command with variables. */
export const filterContextOf = ({ texts, variables }: Pick<PipelineContext, "texts" | "variables">): FilterContext => ({
  texts,
  expression: (expression) => {
    const evaluate = compileExpression(expression);
    return (document) => evaluate(scopeOf(document, variables));
  },
});

/** Compiles a filter whose `$expr` sees the variables. */
export const compileMatch = (filter: Document, context: Pick<PipelineContext, "texts" | "variables">): Predicate =>
  compileFilter(filter, filterContextOf(context));
