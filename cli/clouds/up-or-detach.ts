import type { UpOptions } from "../up.ts";

/** `drydock up`, at this terminal or detached. Each loads only what it needs: whoever only waits for a cloud need not load one. Returns the exit code. */
export async function upOrDetach(options: UpOptions & { readonly detach?: boolean }): Promise<number> {
  const { detach: isAlone = false, ...rest } = options;
  if (!isAlone) return (await import("../up.ts")).up(rest);
  return (await import("./detach.ts")).detach(process.argv.slice(2), rest);
}
