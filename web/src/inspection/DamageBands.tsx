import { useId } from "react";
import { extent, marksOf, type Placed, stretchesOf } from "./damage";
import styles from "./DamageBands.module.css";
import { DamagePatterns } from "./DamagePatterns";
import { severityLook } from "./severity";

/** Height of the caps over the pictures, in CSS pixels. */
const cap = 7;

/** The damaged stretches of a film over its timeline: a cap in the severity's pattern, and a tint over the pictures. */
export function DamageBands({ findings, seconds, width }: { findings: readonly Placed[]; seconds: number; width: number }) {
  const id = useId();
  const marks = marksOf(findings, seconds);
  if (marks.length === 0 || width <= 0) return null;
  const least = 3 / width;
  return (
    <svg className={styles.bands} width="100%" height="100%" aria-hidden data-testid="damage-bands" data-marks={marks.length}>
      <DamagePatterns id={id} />
      {stretchesOf(marks, least).map((stretch, index) => {
        const look = severityLook(stretch.severity);
        const { from, width: wide } = extent(stretch, least);
        const place = { x: `${from * 100}%`, width: `${wide * 100}%` };
        return (
          <g key={index}>
            {look.rank > 1 && <rect {...place} y={cap} height="100%" fill={`var(--${look.tone})`} opacity="0.2" />}
            <rect {...place} y={cap * (1 - look.tall)} height={cap * look.tall} fill={`url(#${id}-${look.pattern})`} stroke={`var(--${look.tone})`} />
          </g>
        );
      })}
    </svg>
  );
}
