import { findCloudsUp, type KnownCloud } from "../cloud-state.ts";
import { UserError } from "../errors.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/;

/** The cloud of this name. @throws UserError CLI_NO_CLOUD */
export function findCloud(up: readonly KnownCloud[], name: string): KnownCloud {
  const found = up.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = up.length === 0 ? "none is up" : `there are ${up.map((each) => each.name).join(", ")}`;
  throw new UserError("CLI_NO_CLOUD", `no cloud is called "${name}"; ${names}`);
}

/** The cloud of this name, or the only one that is up. @throws UserError CLI_NO_CLOUD, CLI_WHICH_CLOUD */
export async function chooseCloud(name: string | undefined): Promise<KnownCloud> {
  const up = await findCloudsUp();
  if (name !== undefined) return findCloud(up, name);
  const [only, ...others] = up;
  if (only === undefined) throw new UserError("CLI_NO_CLOUD", "no cloud is up");
  if (others.length === 0) return only;
  throw new UserError("CLI_WHICH_CLOUD", `${up.length} clouds are up: ${up.map((each) => each.name).join(", ")}`);
}

/** Refuses a name that is malformed or taken. @throws UserError CLI_CLOUD_NAME */
export async function checkFreeName(name: string | undefined): Promise<void> {
  if (name === undefined) return;
  if (!NAME.test(name)) throw new UserError("CLI_CLOUD_NAME", `"${name}" is not a name for a cloud`);
  if ((await findCloudsUp()).some((each) => each.name === name))
    throw new UserError("CLI_CLOUD_NAME", `a cloud called "${name}" is up`);
}
