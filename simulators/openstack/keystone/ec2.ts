import { empty, json } from "../../kernel/index.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { listing, rootOf } from "./entities.ts";
import { bodyOf, expecting, forbiddenAction, notFound } from "./errors.ts";
import type { Blob, KeystoneSlot } from "./state.ts";

interface Keys {
  readonly access: string;
  readonly secret: string;
}

const keysOf = ({ blob }: Blob): Keys => JSON.parse(blob) as Keys;

const view = (context: Context, row: Blob): object => ({
  ...keysOf(row),
  user_id: row.userId,
  tenant_id: row.projectId,
  trust_id: null,
  links: { self: `${rootOf(context)}/users/${row.userId}/credentials/OS-EC2/${keysOf(row).access}` },
});

/** Keys for EC2 and S3 (Identity API v3, OS-EC2): kept among the credentials; nothing authenticates with them. */
export function ec2Routes(slot: KeystoneSlot): readonly OpenStackRoute[] {
  const path = "/v3/users/:user/credentials/OS-EC2";
  const checkSelf = ({ actor, params }: Context, action: string): void => {
    if (!actor.isAdmin && actor.userId !== params.user) throw forbiddenAction(`identity:ec2_${action}`);
    if (!slot.value.users.has(params.user ?? "")) throw notFound("user", params.user ?? "");
  };
  const own = ({ params }: Context): readonly Blob[] =>
    [...slot.value.credentials.values()].filter(({ type, userId }) => type === "ec2" && userId === params.user);
  const find = (context: Context): Blob => {
    const wanted = context.params.access ?? "";
    const found = own(context).find((row) => keysOf(row).access === wanted);
    if (found === undefined) throw notFound("credential", wanted);
    return found;
  };
  return [
    {
      method: "GET",
      path,
      handler: (context) => {
        checkSelf(context, "list_credentials");
        return listing(
          context,
          "credentials",
          own(context).map((row) => view(context, row)),
        );
      },
    },
    {
      method: "POST",
      path,
      handler: (context) => {
        checkSelf(context, "create_credential");
        const { tenant_id: projectId } = bodyOf(context);
        if (typeof projectId !== "string") throw expecting("tenant_id", "request body");
        if (!slot.value.projects.has(projectId)) throw notFound("project", projectId);
        const { cloud } = context;
        const blob = JSON.stringify({ access: cloud.hex("keystone"), secret: cloud.secrets("keystone").hex(32) });
        const row: Blob = {
          id: cloud.hex("keystone"),
          name: "",
          blob,
          type: "ec2",
          userId: context.params.user ?? "",
          projectId,
        };
        slot.value.credentials.set(row.id, row);
        cloud.kernel.record("keystone", "credential.create", row.id, { type: "ec2" });
        return json(201, { credential: view(context, row) });
      },
    },
    {
      method: "GET",
      path: `${path}/:access`,
      handler: (context) => {
        checkSelf(context, "get_credential");
        return json(200, { credential: view(context, find(context)) });
      },
    },
    {
      method: "DELETE",
      path: `${path}/:access`,
      handler: (context) => {
        checkSelf(context, "delete_credential");
        const { id } = find(context);
        slot.value.credentials.delete(id);
        context.cloud.kernel.record("keystone", "credential.delete", id);
        return empty(204);
      },
    },
  ];
}
