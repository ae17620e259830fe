import { storedTime } from "../../time.ts";

/** When the object was created and changed; null: never. */
export const dateMembers = ({
  createdMs,
  updatedMs,
}: {
  readonly createdMs: number;
  readonly updatedMs: number | null;
}): object => ({
  created_at: storedTime(createdMs),
  updated_at: updatedMs === null ? null : storedTime(updatedMs),
});
