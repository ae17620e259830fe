import { useState } from "preact/hooks";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** The theme: the system's until the reader chooses one. */
export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>("system");
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const onClick = () => {
    document.documentElement.dataset["theme"] = next;
    setTheme(next);
  };
  return (
    <button type="button" class="theme" onClick={onClick} aria-label={`Theme: ${theme}. Change to ${next}`}>
      Theme: {theme}
    </button>
  );
}
