import { wallNowMs } from "../../../simulators/kernel/edge/drive.ts";
import { type ClaimedBlock, claimBlock } from "../../../simulators/live/block.ts";
import { LiveError } from "../../../simulators/live/errors.ts";
import { servedKinds } from "../../../simulators/live/sockets.ts";
import type { CloudOptions } from "../cloud.ts";
import { KeptCloudError } from "./errors.ts";
import { drawSecrets, randomSecret } from "../secrets.ts";
import { DataFolder } from "./folder.ts";
import { KeptCloud, requireServed } from "./kept-cloud.ts";
import { requireKept, shapeOf, withShape } from "./shape.ts";

/** Where a cloud is kept, and who keeps it. */
export interface DataOptions {
  readonly path: string;
  /** The release of drydock. */
  readonly version: string;
  /** Called with each line that the user should see. */
  readonly say: (text: string) => void;
}

/** A cloud in a folder that is about to boot, and the options with which it does. */
interface OpenedData {
  readonly options: CloudOptions;
  /** Begins, once the block is claimed: nobody else uses the folder from then on. */
  begin(block: string): KeptCloud;
}

/**
 * Opens the folder of a cloud: options that were not given are those of the last time.
 *
 * @throws KeptCloudError DATA_PATH, DATA_OPEN, DATA_NOT_A_CLOUD, DATA_DAMAGED, DATA_VERSION, DATA_OPTIONS, DATA_ENGINES, DATA_NOT_KEPT
 */
export function openData({ path, version, say }: DataOptions, options: CloudOptions): OpenedData {
  const folder = DataFolder.open(path);
  const kept = folder.read();
  if (kept === undefined) {
    const shape = shapeOf(options);
    const served = servedKinds();
    requireKept(options, served);
    return {
      options,
      begin: (block) => {
        // The remains of an earlier start that was killed before the cloud was up.
        folder.clear();
        const record = {
          format: 1 as const,
          version,
          block,
          ...drawSecrets(options),
          diskSecret: randomSecret(),
          startMs: wallNowMs(),
          options: shape,
          served,
          isReady: false,
        };
        return new KeptCloud(folder, record, true, say);
      },
    };
  }
  if (kept.version !== version)
    throw new KeptCloudError("DATA_VERSION", `${path} was made by drydock ${kept.version}, this is ${version}`);
  for (const name of ["seed", "block"] as const)
    if (options[name] !== undefined && options[name] !== kept[name])
      throw new KeptCloudError("DATA_OPTIONS", `the cloud was made with ${name} = ${kept[name]}`);
  requireServed(kept.served);
  return {
    options: { ...withShape(options, kept.options), block: kept.block, seed: kept.seed },
    begin: () => new KeptCloud(folder, kept, false, say),
  };
}

/** Claims a block. @throws KeptCloudError DATA_IN_USE when it is the block of a kept cloud and taken */
export async function claimBlockOf({
  block,
  data,
}: {
  readonly block?: string;
  readonly data?: Pick<DataOptions, "path">;
}): Promise<ClaimedBlock> {
  try {
    return await claimBlock(block);
  } catch (error) {
    if (data === undefined || !(error instanceof LiveError) || error.code !== "LIVE_PORT_TAKEN") throw error;
    throw new KeptCloudError("DATA_IN_USE", `${data.path}: ${error.message.split(" (")[0]}`);
  }
}
