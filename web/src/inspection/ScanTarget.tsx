import { useInfiniteQuery } from "@tanstack/react-query";
import { useId } from "react";
import form from "../controls/Form.module.css";
import { type Mode, modes } from "./modes";
import { foldersIn } from "./places";
import { scansQuery } from "./queries";
import styles from "./ScanTarget.module.css";

export interface Target {
  readonly library: boolean;
  /** One folder a line. */
  readonly folders: string;
  readonly mode: Mode;
}

export const firstTarget: Target = { library: false, folders: "", mode: "standard" };

export function isWhole(target: Target): boolean {
  return target.library || foldersIn(target.folders).length > 0;
}

/** As the server wants it. */
export function wireTarget(target: Target): { roots: string[]; library: boolean; mode: Mode } {
  return { roots: target.library ? [] : foldersIn(target.folders), library: target.library, mode: target.mode };
}

interface ScanTargetProps {
  target: Target;
  onChange: (target: Target) => void;
  problem: string | null;
}

/** What is looked at and how deep: the common part of a scan and of a schedule. */
export function ScanTarget({ target, onChange, problem }: ScanTargetProps) {
  const id = useId();
  return (
    <>
      <fieldset className={styles.choice}>
        <legend>What</legend>
        <label className={form.check}>
          <input type="radio" name={`${id}what`} checked={!target.library} onChange={() => onChange({ ...target, library: false })} />
          Folders of the server
        </label>
        <label className={form.check}>
          <input type="radio" name={`${id}what`} checked={target.library} onChange={() => onChange({ ...target, library: true })} />
          The whole library
        </label>
      </fieldset>
      {!target.library && <Folders target={target} onChange={onChange} />}
      {problem && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <fieldset className={styles.modes}>
        <legend>How deep</legend>
        {modes.map(([mode, word, sentence]) => (
          <label key={mode} className={styles.mode}>
            <input type="radio" name={`${id}mode`} checked={target.mode === mode} onChange={() => onChange({ ...target, mode })} />
            <strong>{word}</strong>
            <span>{sentence}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

function Folders({ target, onChange }: { target: Target; onChange: (target: Target) => void }) {
  const id = useId();
  const chosen = foldersIn(target.folders);
  const known = useKnownFolders().filter((folder) => !chosen.includes(folder));
  return (
    <div className={styles.folders}>
      <label htmlFor={id}>Folders or files, one a line</label>
      <textarea
        id={id}
        rows={Math.min(6, Math.max(2, target.folders.split("\n").length))}
        placeholder="/mnt/footage"
        value={target.folders}
        onChange={(event) => onChange({ ...target, folders: event.target.value })}
        aria-describedby={`${id}-help`}
        spellCheck={false}
        // A person who opens this came to type a folder.
        autoFocus
      />
      <p id={`${id}-help`}>The server must be able to read them. Nothing in them is changed.</p>
      {known.length > 0 && (
        <div className={styles.known} role="group" aria-label="Scanned before">
          {known.map((folder) => (
            <button key={folder} type="button" title={folder} onClick={() => onChange({ ...target, folders: [...chosen, folder].join("\n") })}>
              <bdi>{folder}</bdi>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Folders of the newest scans, to pick instead of to type. */
function useKnownFolders(): string[] {
  const pages = useInfiniteQuery(scansQuery).data?.pages ?? [];
  return [...new Set(pages.flatMap((page) => page.items.flatMap((scan) => scan.roots)))].slice(0, 4);
}
