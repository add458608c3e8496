import { Link } from "@tanstack/react-router";
import { ExternalLink, X } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { PastVerdict } from "../api/model";
import { IconButton } from "../controls/Button";
import { useKeys } from "../keys/useKeys";
import { formatDuration } from "../time/timecode";
import { ago, formatBytes } from "../time/when";
import { damagedSeconds, nextDamage } from "./damage";
import { DamageMap } from "./DamageMap";
import styles from "./FileDetail.module.css";
import { FindingList, type ShownFinding } from "./FindingList";
import { HistoryList } from "./HistoryList";
import { modeWord } from "./modes";
import { splitPath } from "./places";
import { VerdictBadge } from "./VerdictBadge";
import { verdictLook } from "./verdicts";

/** All that one inspection says about one file. */
export interface Inspected {
  readonly name: string;
  readonly path: string | null;
  readonly status: string;
  readonly mode: string | null;
  readonly confidence: number | null;
  readonly seconds_spent: number | null;
  readonly checked_at: number | null;
  readonly kept: boolean;
  readonly duration_seconds: number | null;
  readonly size_bytes: number;
  readonly video_id: string | null;
  readonly findings: readonly ShownFinding[];
  readonly history: readonly PastVerdict[];
}

interface FileDetailProps {
  file: Inspected;
  onClose: () => void;
  /** Looking again, for whoever may ask for it. */
  again: ReactNode;
}

export function FileDetail({ file, onClose, again }: FileDetailProps) {
  const [selected, setSelected] = useState<ShownFinding | null>(null);
  const { findings } = file;
  const close = useClosing(onClose);
  const jump = (back: boolean) => {
    const at = nextDamage(findings, selected?.start_seconds ?? (back ? Number.POSITIVE_INFINITY : -1), back);
    setSelected(findings.find((finding) => at !== null && finding.start_seconds === at) ?? selected);
  };
  useKeys({ nextDamage: () => jump(false), previousDamage: () => jump(true) });
  return (
    <aside className={styles.panel} aria-label={`Findings in ${file.name}`} data-testid="file-detail">
      <header className={styles.header}>
        <div className={styles.title}>
          <h2>{file.name}</h2>
          <IconButton label="Close" hint="Esc" onClick={close}>
            <X />
          </IconButton>
        </div>
        {file.path && <p className={styles.path}>{splitPath(file.path).folder}</p>}
        <p className={styles.facts}>
          <VerdictBadge verdict={file.status} />
          {factsOf(file).map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
        <div className={styles.actions}>
          {file.video_id && (
            <Link to="/videos/$videoId" params={{ videoId: file.video_id }} className={styles.watch}>
              <ExternalLink aria-hidden />
              Open in Watch
            </Link>
          )}
          {again}
        </div>
      </header>
      <div className={styles.body}>
        {(file.duration_seconds || findings.length > 0) && (
          <section className={styles.damage} aria-label="Damage">
            <h3>
              Damage <span>{extentOf(file)}</span>
            </h3>
            <DamageMap findings={findings} seconds={file.duration_seconds} bytes={file.size_bytes} selected={selected} onSelect={setSelected} />
          </section>
        )}
        {findings.length > 0 ? (
          <FindingList findings={findings} selected={selected?.index ?? null} onSelect={setSelected} />
        ) : (
          <p className={styles.sound}>{verdictLook(file.status).meaning}.</p>
        )}
        <HistoryList history={file.history} />
      </div>
    </aside>
  );
}

/** Closing leads back to the row; Escape does it from anywhere but a field and a dialog. */
function useClosing(onClose: () => void): () => void {
  const close = () => {
    document.querySelector<HTMLElement>("[data-index][aria-current]")?.focus();
    onClose();
  };
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const elsewhere = event.target instanceof HTMLInputElement || document.querySelector("dialog[open]");
      if (event.key === "Escape" && !elsewhere) latest.current();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return close;
}

function factsOf(file: Inspected): string[] {
  const { mode, confidence, seconds_spent: spent, checked_at: at } = file;
  return [
    confidence !== null && `${Math.round(confidence * 100)} % sure`,
    mode && modeWord(mode),
    at !== null && ago(at),
    formatBytes(file.size_bytes),
    spent !== null && (file.kept ? "unchanged, not read again" : `read for ${spent < 10 ? spent.toFixed(1) : Math.round(spent)} s`),
  ].filter((fact): fact is string => Boolean(fact));
}

function extentOf({ findings, duration_seconds: seconds }: Inspected): string {
  const damaged = damagedSeconds(findings);
  if (!seconds) return "the length of the film is not known";
  if (damaged <= 0) return `none at a known moment of ${formatDuration(seconds)}`;
  return `${damaged < 10 ? damaged.toFixed(1) : Math.round(damaged)} s of ${formatDuration(seconds)}`;
}
