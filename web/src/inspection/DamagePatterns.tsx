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
      <circle cx="1.5" cy="1.5" r="1.1" fill={colour} />
      <circle cx="4.5" cy="4.5" r="1.1" fill={colour} />
    </>
  );
}

/** A small piece of a severity's fill, for legends and beside sentences. */
export function Swatch({ look, id }: { look: SeverityLook; id: string }) {
  const tall = Math.round(12 * look.tall);
  return (
    <svg width="10" height="12" aria-hidden style={{ flex: "none" }}>
      <DamagePatterns id={id} />
      <rect x="0.5" y={12.5 - tall} width="9" height={Math.max(3, tall - 1)} fill={`url(#${id}-${look.pattern})`} stroke={`var(--${look.tone})`} />
    </svg>
  );
}
