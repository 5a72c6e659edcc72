/** A plot as SVG: one line a series, size on a logarithmic axis. What a report needs, and no more. */
import { join, parse } from "node:path";

export interface Series {
  readonly name: string;
  /** [size, value], by size. */
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 190;
const TOP = 40;
const BOTTOM = 56;
const NAME_HEIGHT = 16;
/** Told apart without colour, too: each line has its own dashes. */
const STYLES = [
  { colour: "#0b5394", dash: "" },
  { colour: "#b45309", dash: "6 4" },
  { colour: "#166534", dash: "2 3" },
  { colour: "#7e22ce", dash: "10 3 2 3" },
] as const;

/**
 * @param unit - Of the values.
 * @param what - What the sizes count.
 * @param series - At least one point in all.
 */
export function plotBySize(
  title: string,
  unit: string,
  what: string,
  series: readonly Series[],
): string {
  const points = series.flatMap((each) => each.points);
  const sizes = [...new Set(points.map(([size]) => size))].toSorted((left, right) => left - right);
  const [least, most] = [Math.log10(sizes[0] ?? 1), Math.log10(sizes.at(-1) ?? 10)];
  const top = niceAbove(Math.max(...points.map(([, value]) => value)));
  const x = (size: number): number =>
    LEFT + ((Math.log10(size) - least) / Math.max(most - least, 1e-9)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const ticks = Array.from({ length: 6 }, (_, i) => (top * i) / 5);
  const labels = apart(series.map(({ points: own }) => y(own.at(-1)?.[1] ?? 0)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img" aria-label="${escape(title)}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="22" font-size="15" font-weight="bold">${escape(title)}</text>`,
    ...ticks.map(
      (tick) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/><text x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
    ),
    ...sizes.map(
      (size) =>
        `<text x="${x(size)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${size.toLocaleString("en")}</text>`,
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escape(what)}</text>`,
    `<text transform="rotate(-90)" x="${-(TOP + HEIGHT - BOTTOM) / 2}" y="16" text-anchor="middle">${escape(unit)}</text>`,
    ...series.map((each, i) => line(each, STYLES[i % STYLES.length]!, { x, y, label: labels[i]! })),
    "</svg>",
    "",
  ].join("\n");
}

/** Plots of different units, one under the other. @param plots - As {@link plotBySize} gives them. */
export function stacked(plots: readonly string[]): string {
  const rows = plots.map(
    (plot, i) => `<svg y="${i * HEIGHT}" width="${WIDTH}" height="${HEIGHT}">${plot}</svg>`,
  );
  const viewBox = `0 0 ${WIDTH} ${plots.length * HEIGHT}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}">\n${rows.join("\n")}\n</svg>\n`;
}

/**
 * Where a suite's plot goes: the file that was asked for; where several suites draw, `FILE-SUITE.svg` in its place.
 * @param file - As it was asked for; `undefined` gives `undefined`.
 */
export function plotFileOf(
  file: string | undefined,
  suite: string,
  { isOneOfMany }: { readonly isOneOfMany: boolean },
): string | undefined {
  if (file === undefined || !isOneOfMany) return file;
  const { dir, name, ext } = parse(file);
  return join(dir, `${name}-${suite}${ext}`);
}

function line(
  { name, points }: Series,
  { colour, dash }: (typeof STYLES)[number],
  at: { x: (size: number) => number; y: (value: number) => number; label: number },
): string {
  const { x, y, label } = at;
  const path = points.map(([size, value]) => `${x(size)},${y(value)}`).join(" ");
  const [size] = points.at(-1) ?? [1, 0];
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
    ...points.map(([at, of]) => `<circle cx="${x(at)}" cy="${y(of)}" r="3" fill="${colour}"/>`),
    `<text x="${x(size) + 8}" y="${label + 4}" fill="${colour}">${escape(name)}</text>`,
  ].join("\n");
}

/** Heights of names that would stand over each other, moved down until they can be read. */
function apart(heights: readonly number[]): number[] {
  const moved: number[] = [];
  let free = Number.NEGATIVE_INFINITY;
  for (const i of [...heights.keys()].toSorted((a, b) => heights[a]! - heights[b]!)) {
    moved[i] = Math.max(heights[i]!, free);
    free = moved[i] + NAME_HEIGHT;
  }
  return moved;
}

/** The least of 1, 2 and 5 times a power of ten that is not below. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 5, 10].map((times) => times * power).find((nice) => nice >= value) ?? value;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
