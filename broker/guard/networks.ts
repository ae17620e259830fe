import Type from "typebox";
import { Compile } from "typebox/compile";

/** Whom a binding is for: the application, space and organization in its request. */
interface BindContext {
  readonly application: string | undefined;
  readonly space: string | undefined;
  readonly organization: string | undefined;
}

/** Networks from which the applications of one application, space or organization connect. */
export interface ApplicationNetworks {
  readonly application?: string;
  readonly space?: string;
  readonly organization?: string;
  readonly cidrs: readonly string[];
}

const Text = Type.Union([Type.String(), Type.Null()]);
/** The part of a binding's request that says whom it is for, as `osb/bindings/bind.ts` writes it. */
const REQUEST = Compile(
  Type.Object({
    app: Type.Optional(Text),
    resource: Type.Optional(Type.Object({ app_guid: Type.Optional(Text), space_guid: Type.Optional(Text) })),
    owner: Type.String(),
  }),
);
const OWNER = Compile(Type.Object({ organization: Type.Optional(Text), space: Type.Optional(Text) }));

const NOBODY: BindContext = { application: undefined, space: undefined, organization: undefined };

/** Reads whom a binding is for. The binding's space counts, not the instance's, which may be shared. */
function bindContextOf(request: string): BindContext {
  // Only what the broker itself has written is JSON; anything else names nobody.
  if (!request.startsWith("{")) return NOBODY;
  const asked: unknown = JSON.parse(request);
  if (!REQUEST.Check(asked)) return NOBODY;
  const owner: unknown = JSON.parse(asked.owner);
  const { organization, space } = OWNER.Check(owner) ? owner : {};
  return {
    application: asked.resource?.app_guid ?? asked.app ?? undefined,
    space: asked.resource?.space_guid ?? space ?? undefined,
    organization: organization ?? undefined,
  };
}

const SCOPES = ["application", "space", "organization"] as const;

/**
 * The networks that a binding opens its instance to: those of its application, else of its space, else of its organization, else the default ones.
 */
export function networksOf(
  request: string,
  networks: readonly ApplicationNetworks[],
  others: readonly string[],
): readonly string[] {
  const context = bindContextOf(request);
  for (const scope of SCOPES) {
    const own = networks.filter((each) => each[scope] !== undefined && each[scope] === context[scope]);
    if (own.length > 0) return own.flatMap(({ cidrs }) => cidrs);
  }
  return others;
}
