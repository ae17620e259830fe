/** Whether `--only` leaves a check in: by its id, or by a beginning with a trailing `*`. Without a list, all are. */
export function isWanted(id: string, only: readonly string[] | undefined): boolean {
  return (
    only === undefined || only.some((each) => (each.endsWith("*") ? id.startsWith(each.slice(0, -1)) : id === each))
  );
}
