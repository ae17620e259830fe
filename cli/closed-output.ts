/** The exit code of a program whose reader has gone: what a shell reports for a program ended by SIGPIPE. */
export const EXIT_CLOSED_OUTPUT = 141;

/**
 * Ends the program quietly once nobody reads its standard output any more, as in `drydock … | head`. A command that can be interrupted is
 * interrupted, so that it cleans up and ends with 130; any other ends at once with 141.
 */
export function endWithClosedOutput(): void {
  let isClosed = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    // Each later write fails as well, and a second signal would cut the cleanup short.
    if (isClosed) return;
    isClosed = true;
    if (!process.emit("SIGTERM", "SIGTERM")) process.exit(EXIT_CLOSED_OUTPUT);
  });
}
