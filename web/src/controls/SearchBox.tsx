import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useKeys } from "../keys/useKeys";
import { IconButton } from "./Button";
import styles from "./SearchBox.module.css";

interface SearchBoxProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** Typing asks the server only when it pauses. */
export function SearchBox({ label, value, onChange }: SearchBoxProps) {
  const [typed, setTyped] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => latest.current(typed.trim()), 180);
    return () => clearTimeout(timer);
  }, [typed, value]);
  useKeys({ search: () => input.current?.focus() });
  return (
    <div className={styles.search} role="search">
      <Search aria-hidden />
      <input
        ref={input}
        type="text"
        aria-label={label}
        placeholder={label}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && (typed ? setTyped("") : input.current?.blur())}
      />
      {typed ? (
        <IconButton label="Clear the search" onClick={() => setTyped("")}>
          <X />
        </IconButton>
      ) : (
        <kbd aria-hidden>/</kbd>
      )}
    </div>
  );
}
