import { type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, useId } from "react";
import styles from "./Field.module.css";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  help?: ReactNode;
  problem?: string | null;
  ref?: Ref<HTMLInputElement>;
}

export function Field({ label, help, problem, className = "", ...input }: FieldProps) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={`${styles.input} ${className}`}
        aria-invalid={problem ? true : undefined}
        aria-describedby={help || problem ? `${id}-help` : undefined}
        {...input}
      />
      {(problem || help) && (
        <p id={`${id}-help`} className={problem ? styles.problem : styles.help}>
          {problem ?? help}
        </p>
      )}
    </div>
  );
}

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
  options: readonly (readonly [value: string, label: string])[];
}

/** A select whose label only assistive technology reads; its options say what they filter. */
export function Select({ label, options, ...rest }: SelectProps) {
  return (
    <select aria-label={label} title={label} className={styles.select} {...rest}>
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
