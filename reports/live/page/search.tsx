/** Finds the texts that contain every word of a query, whatever its case; an empty query finds all. */
export function matcherFor(query: string): (text: string) => boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return (text) => words.every((word) => text.toLowerCase().includes(word));
}

interface SearchProps {
  readonly query: string;
  readonly example: string;
  readonly onQuery: (query: string) => void;
}

/** A search field. */
export const SearchField = ({ query, example, onQuery }: SearchProps) => (
  <label>
    Search{" "}
    <input type="search" value={query} placeholder={example} onInput={(event) => onQuery(event.currentTarget.value)} />
  </label>
);

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly choices: readonly T[];
  readonly isChosen: (choice: T) => boolean;
  readonly onChoose: (choice: T) => void;
  /** The label of a button. Default: the choice itself. */
  readonly show?: (choice: T) => string;
}

/** Buttons of which one is pressed at a time. */
export const Choice = <T extends string>({
  label,
  choices,
  isChosen,
  onChoose,
  show = (choice) => choice,
}: ChoiceProps<T>) => (
  <div class="buttons" role="group" aria-label={label}>
    {choices.map((choice) => (
      <button type="button" key={choice} aria-pressed={isChosen(choice)} onClick={() => onChoose(choice)}>
        {show(choice)}
      </button>
    ))}
  </div>
);
