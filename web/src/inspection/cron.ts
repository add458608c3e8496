/** The plain choices of a schedule, and the cron expression each stands for. Times are the server's. */
export interface Plan {
  readonly every: "day" | "week" | "cron";
  /** "HH:MM". */
  readonly at: string;
  /** 0 is Sunday. */
  readonly day: number;
  readonly cron: string;
}

export const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
export const firstPlan: Plan = { every: "week", at: "03:00", day: 6, cron: "0 3 * * 6" };

const two = (value: number): string => String(value).padStart(2, "0");

export function cronOf(plan: Plan): string {
  if (plan.every === "cron") return plan.cron.trim().replace(/\s+/g, " ");
  const [hour, minute] = plan.at.split(":").map(Number) as [number, number];
  return `${minute} ${hour} * * ${plan.every === "week" ? plan.day : "*"}`;
}

/** The plan that an expression stands for; any that is not a plain choice stays an expression. */
export function planOf(cron: string): Plan {
  const found = /^(\d{1,2}) (\d{1,2}) \* \* (\*|[0-7])$/.exec(cron.trim());
  if (!found || Number(found[1]) > 59 || Number(found[2]) > 23) return { ...firstPlan, every: "cron", cron };
  const at = `${two(Number(found[2]))}:${two(Number(found[1]))}`;
  if (found[3] === "*") return { ...firstPlan, every: "day", at, cron };
  return { every: "week", at, day: Number(found[3]) % 7, cron };
}

/** "Every day at 03:00", "Saturdays at 03:00", or the expression itself. */
export function planInWords(cron: string): string {
  const plan = planOf(cron);
  if (plan.every === "day") return `Every day at ${plan.at}`;
  if (plan.every === "week") return `${days[plan.day]}s at ${plan.at}`;
  return plan.cron;
}

const field = /^(\*|\d+(-\d+)?)(\/\d+)?(,(\*|\d+(-\d+)?)(\/\d+)?)*$/;

/** Whether an expression looks like five fields of cron; the server has the last word. */
export function looksLikeCron(cron: string): boolean {
  const fields = cron.trim().split(/\s+/);
  return fields.length === 5 && fields.every((part) => field.test(part.replace(/\b(sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b/gi, "1")));
}
