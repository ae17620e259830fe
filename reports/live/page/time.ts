const two = (value: number): string => String(value).padStart(2, "0");

/** `09:47:48.528`, in UTC, as the director's tasks have it. */
export const timeText = (ms: number): string => new Date(ms).toISOString().slice(11, 23);

/** `2026-12-01 09:47:48 UTC`. */
export const momentText = (ms: number): string => {
  const [day = "", time = ""] = new Date(ms).toISOString().split("T");
  return `${day} ${time.slice(0, 8)} UTC`;
};

/** `2 h 05 min`, `12 s`, `250 ms`. */
export function spanText(ms: number): string {
  const whole = Math.abs(ms);
  if (whole < 1000) return `${whole < 10 ? Number(whole.toFixed(1)) : Math.round(whole)} ms`;
  if (whole < 60_000) return `${Number((whole / 1000).toFixed(whole < 10_000 ? 1 : 0))} s`;
  const minutes = Math.floor(whole / 60_000);
  if (minutes < 60) return `${minutes} min ${two(Math.floor(whole / 1000) % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${two(minutes % 60)} min` : `${Math.floor(hours / 24)} days`;
}
