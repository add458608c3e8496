import { useId } from "react";
import styles from "./DamageBands.module.css";
import { DamagePatterns } from "./DamagePatterns";
import { extent, marksOf, type Placed } from "./damage";
import { severityLook } from "./severity";

/** The damaged stretches of a film over its timeline: a cap in the severity's pattern, and a tint over the pictures. */
export function DamageBands({ findings, seconds, width }: { findings: readonly Placed[]; seconds: number; width: number }) {
  const id = useId();
  const marks = marksOf(findings, seconds);
  if (marks.length === 0 || width <= 0) return null;
  return (
    <svg className={styles.bands} width="100%" height="100%" aria-hidden data-testid="damage-bands" data-marks={marks.length}>
      <DamagePatterns id={id} />
      {marks.map((mark, index) => {
        const look = severityLook(mark.finding.severity);
        const { from, width: wide } = extent(mark, 3 / width);
        const place = { x: `${from * 100}%`, width: `${wide * 100}%` };
        return (
          <g key={index}>
            {look.rank > 0 && <rect {...place} y="6" height="100%" fill={`var(--${look.tone})`} opacity="0.16" />}
            <rect {...place} y={7 - 7 * look.tall} height={7 * look.tall} fill={`url(#${id}-${look.pattern})`} stroke={`var(--${look.tone})`} strokeWidth="1" />
          </g>
        );
      })}
    </svg>
  );
}
