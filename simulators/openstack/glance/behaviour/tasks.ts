import { isObject } from "../../../kernel/index.ts";
import type { Glance, TaskRow } from "../state.ts";
import { fill } from "./data.ts";
import { createImage } from "./images.ts";
import { madeUpData } from "./imports.ts";

/** ms of simulated work. */
const TASK_MS = 2000;

const DONE = "glance/task";

/** Declares the timer that ends tasks. */
export function defineTasks(glance: Glance): void {
  glance.cloud.kernel.onTimer<{ id: string }>(DONE, ({ id }) => endTask(glance, id));
}

/** Adds a task, which begins at once. */
export function startTask(glance: Glance, wanted: Pick<TaskRow, "type" | "owner" | "input">): TaskRow {
  const { cloud, slot } = glance;
  const { nowMs } = cloud.kernel;
  const row: TaskRow = {
    id: cloud.uuid("glance"),
    ...wanted,
    status: "pending",
    result: null,
    message: "",
    createdMs: nowMs,
    updatedMs: nowMs,
  };
  slot.value.tasks.set(row.id, row);
  cloud.kernel.record("glance", "task.create", row.id, { type: row.type });
  cloud.kernel.timer(cloud.kernel.work(TASK_MS), DONE, { id: row.id });
  return row;
}

/** The members that an import must have (glance, `async_/flows/base_import.py`). */
const NEEDED = ["import_from", "import_from_format", "image_properties"];

function endTask(glance: Glance, id: string): void {
  const row = glance.slot.value.tasks.get(id);
  if (row?.status !== "pending") return;
  const missing = row.type === "import" ? NEEDED.find((name) => !Object.hasOwn(row.input, name)) : undefined;
  if (missing === undefined && row.type === "import") {
    const { image_properties: properties, import_from: uri } = row.input;
    const image = createImage(glance, row.owner, isObject(properties) ? properties : {});
    fill(glance, image, madeUpData(String(uri)));
    Object.assign(row, { status: "success", result: { image_id: image.id } });
  } else {
    const message = missing === undefined ? "Task type is not supported" : `Input does not contain '${missing}' field`;
    Object.assign(row, { status: "failure", message });
  }
  row.updatedMs = glance.cloud.kernel.nowMs;
  glance.cloud.kernel.record("glance", "task.end", id, { status: row.status });
}
