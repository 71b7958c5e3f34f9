import { formatNumber, niceAxis } from '@dgpo/arc';
import { createMemo, createSignal, For, Index, Show } from 'solid-js';
import { nearestPoint, type Point, pathOf, spread } from '../logic/curve-points.js';
import { countOf } from '../logic/format.js';

export interface Curve {
  name: string;
  points: readonly Point[];
}

const width = 400;
const height = 176;
const top = 8;
const bottom = height - 24;
const right = width - 6;
const tableRows = 24;

/** Lines over steps. What the pointer is at is read out above, and all of it can be opened as a table. */
export function LineChart(props: { title: string; curves: readonly Curve[] }) {
  const [probe, setProbe] = createSignal<number | null>(null);
  const finite = createMemo(() => props.curves.flatMap(({ points }) => points.filter(([, y]) => y !== null)));
  const xAxis = createMemo(() => niceAxis({ ...spread(finite().map(([x]) => x)), steps: 5, tight: true }));
  const yAxis = createMemo(() => niceAxis({ ...spread(finite().map(([, y]) => y ?? 0)), steps: 4 }));
  const left = () => 14 + Math.max(1, ...yAxis().ticks.map((tick) => yAxis().format(tick).length)) * 6.2;
  const x = (value: number) =>
    left() + 4 + ((value - xAxis().low) / (xAxis().high - xAxis().low)) * (right - left() - 8);
  const y = (value: number) => bottom + ((value - yAxis().low) / (yAxis().high - yAxis().low)) * (top - bottom);

  const follow = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const share = (at - left() - 4) / (right - left() - 8);
    setProbe(xAxis().low + Math.min(1, Math.max(0, share)) * (xAxis().high - xAxis().low));
  };
  const valueAt = (curve: Curve): Point | undefined => {
    const wanted = probe();
    return wanted === null ? curve.points.findLast(([, value]) => value !== null) : nearestPoint(curve.points, wanted);
  };
  const summary = () =>
    props.curves
      .map((curve) => {
        const values = curve.points.flatMap(([, value]) => value ?? []);
        const { low, high } = spread(values);
        const last = values.at(-1);
        return last === undefined
          ? `${curve.name}: no values`
          : `${curve.name}: ${formatNumber(last)} at the end, between ${formatNumber(low)} and ${formatNumber(high)}`;
      })
      .join('; ');

  return (
    <figure class="card curve">
      <figcaption>
        <h3>{props.title}</h3>
        <span class="keys">
          <Index each={props.curves}>
            {(curve, index) => (
              <span class={`series-${index % 6}`}>
                <i class="swatch" />
                <span>
                  {curve().name} {formatNumber(valueAt(curve())?.[1] ?? Number.NaN)}
                  <Show when={probe() !== null && valueAt(curve())}>
                    {(point) => ` at ${formatNumber(point()[0])}`}
                  </Show>
                </span>
              </span>
            )}
          </Index>
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${props.title} over steps. ${summary()}`}
        onPointerMove={follow}
        onPointerLeave={() => setProbe(null)}
      >
        <For each={yAxis().ticks}>
          {(tick) => (
            <>
              <line class="rule" x1={left()} x2={right} y1={y(tick)} y2={y(tick)} />
              <text x={left() - 6} y={y(tick) + 4} text-anchor="end">
                {yAxis().format(tick)}
              </text>
            </>
          )}
        </For>
        <For each={xAxis().ticks}>
          {(tick) => (
            <text x={x(tick)} y={height - 7} text-anchor="middle">
              {xAxis().format(tick)}
            </text>
          )}
        </For>
        <Show when={probe()}>{(at) => <line class="probe" x1={x(at())} x2={x(at())} y1={top} y2={bottom} />}</Show>
        <Index each={props.curves}>
          {(curve, index) => {
            const last = () => curve().points.findLast(([, value]) => value !== null);
            return (
              <g class={`series-${index % 6}`}>
                <path class="line" d={pathOf(curve().points, x, y)} />
                <Show when={probe() === null ? last() : valueAt(curve())}>
                  {(point) => <circle class="dot" cx={x(point()[0])} cy={y(point()[1] ?? 0)} r="3" />}
                </Show>
              </g>
            );
          }}
        </Index>
      </svg>
      <ValuesTable title={props.title} curves={props.curves} />
    </figure>
  );
}

/** The curves as numbers; long ones thinned evenly, first and last step always. */
function ValuesTable(props: { title: string; curves: readonly Curve[] }) {
  const [isOpen, setOpen] = createSignal(false);
  const rows = () =>
    props.curves.flatMap(({ name, points }) => {
      const every = Math.max(1, Math.ceil((points.length - 1) / (tableRows - 1)));
      return points
        .filter((_, index) => index % every === 0 || index === points.length - 1)
        .map(([step, value]) => ({ name, step, value }));
    });
  const total = () => props.curves.reduce((sum, { points }) => sum + points.length, 0);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Values<span class="hidden-visually"> of {props.title}</span>
      </summary>
      <Show when={isOpen()}>
        <table>
          <caption class="soft small">
            {rows().length} of {countOf(total(), 'point')}
          </caption>
          <thead>
            <tr>
              <th scope="col">stage</th>
              <th scope="col" class="number">
                step
              </th>
              <th scope="col" class="number">
                value
              </th>
            </tr>
          </thead>
          <tbody>
            <For each={rows()}>
              {(row) => (
                <tr>
                  <th scope="row">{row.name}</th>
                  <td class="number">{row.step}</td>
                  <td class="number">{formatNumber(row.value ?? Number.NaN)}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Show>
    </details>
  );
}
