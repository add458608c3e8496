import { severities, type SeverityLook } from "./severity";

/** The fills that tell severities apart without their colour; `id` keeps two maps on a page from sharing them. */
export function DamagePatterns({ id }: { id: string }) {
  return (
    <defs>
      {severities.map((look) => (
        <pattern key={look.pattern} id={`${id}-${look.pattern}`} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform={look.pattern === "hatch" ? "rotate(45)" : undefined}>
          <Fill look={look} />
        </pattern>
      ))}
    </defs>
  );
}

function Fill({ look }: { look: SeverityLook }) {
  const colour = `var(--${look.tone})`;
  if (look.pattern === "solid") return <rect width="6" height="6" fill={colour} />;
  const ground = <rect width="6" height="6" fill={colour} opacity="0.22" />;
  if (look.pattern === "outline") return ground;
  if (look.pattern === "hatch") {
    return (
      <>
        {ground}
        <rect width="3" height="6" fill={colour} />
      </>
    );
  }
  return (
    <>
      {ground}
      <rect width="2" height="2" fill={colour} />
      <rect x="3" y="3" width="2" height="2" fill={colour} />
    </>
  );
}

/** The same for swatches, which are many: they share one set of fills. */
export function SwatchFills({ id }: { id: string }) {
  return (
    <svg width="0" height="0" aria-hidden style={{ position: "absolute" }}>
      <DamagePatterns id={id} />
    </svg>
  );
}

/** A small piece of a severity's fill, beside its word; `id` is that of the fills. */
export function Swatch({ look, id }: { look: SeverityLook; id: string }) {
  const tall = Math.round(11 * look.tall);
  return (
    <svg width="12" height="13" aria-hidden style={{ flex: "none" }}>
      <rect x="0.5" y={12.5 - tall} width="11" height={tall} fill={`url(#${id}-${look.pattern})`} stroke={`var(--${look.tone})`} />
    </svg>
  );
}
