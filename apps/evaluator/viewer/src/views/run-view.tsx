import { createMemo, createSignal, For, Index, Show } from 'solid-js';
import type { MetricsReply, TablesReply } from '../../../src/viewer/api.js';
import { type Curve, LineChart } from '../components/line-chart.jsx';
import { PageHead } from '../components/page-head.jsx';
import { ProblemList } from '../components/problem-list.jsx';
import { ResultsTable } from '../components/results-table.jsx';
import { RunTabs } from '../components/run-tabs.jsx';
import { Empty, Fetched } from '../components/states.jsx';
import { useKeys } from '../keys.js';
import { versionOf } from '../live.js';
import { countOf } from '../logic/format.js';
import { groupCurves } from '../logic/group-curves.js';
import { goTo } from '../navigation.js';
import { createQuery } from '../query.js';
import { createRunsQuery, nameOf } from '../runs.js';

const shownAtFirst = 9;

/** The results of a run: its tables and the curves of its training. */
export function RunView(props: { run: string }) {
  const runs = createRunsQuery();
  const run = () => runs.data()?.runs.find(({ id }) => id === props.run);
  const parameters = () => new URLSearchParams({ run: props.run });
  const tables = createQuery<TablesReply>(
    () => `tables?${parameters()}`,
    () => [versionOf(props.run, 'episodes'), versionOf(props.run, 'metrics')],
  );
  const hasCurves = createMemo(() => run()?.hasCurves ?? false);
  const metrics = createQuery<MetricsReply>(
    () => (hasCurves() ? `metrics?${parameters()}&points=300` : null),
    () => versionOf(props.run, 'metrics'),
  );
  useKeys({ u: () => goTo({ view: 'runs' }) });
  const note = () => {
    const known = run();
    return known === undefined ? '' : `${known.kind}, ${countOf(known.episodes, 'episode')}`;
  };
  return (
    <>
      <PageHead
        title={nameOf(runs.data()?.runs, props.run)}
        note={note()}
        crumbs={[{ text: 'Runs', route: { view: 'runs' } }]}
      >
        <a class="button" href={`#/compare?${parameters()}`}>
          Compare with …
        </a>
      </PageHead>
      <RunTabs run={props.run} current="run" />
      <div class="stack">
        <Show when={hasCurves()}>
          <h2>Curves</h2>
          <Fetched query={metrics} what="curves">
            {(data) => (
              <>
                <ProblemList problems={data().problems} count={data().problemCount} />
                <CurveGrid metrics={data()} />
              </>
            )}
          </Fetched>
        </Show>
        <Fetched query={tables} what="results">
          {(data) => (
            <Show
              when={data().tables.length > 0 || hasCurves()}
              fallback={
                <Empty title="No results yet">This run has neither tables nor curves. Look at its episodes.</Empty>
              }
            >
              <Show when={data().tables.length > 0}>
                <h2>Tables</h2>
              </Show>
              <Index each={data().tables}>{(table) => <ResultsTable table={table()} />}</Index>
            </Show>
          )}
        </Fetched>
      </div>
    </>
  );
}

function CurveGrid(props: { metrics: MetricsReply }) {
  const [search, setSearch] = createSignal('');
  const [showsAll, setShowsAll] = createSignal(false);
  const groups = createMemo(() => groupCurves(props.metrics.series));
  const found = createMemo(() => groups().filter(({ name }) => name.toLowerCase().includes(search().toLowerCase())));
  const shown = () => (showsAll() ? found() : found().slice(0, shownAtFirst));
  const curvesOf = (index: number): Curve[] => shown()[index]?.curves ?? [];
  return (
    <>
      <div class="finder">
        <label>
          Find a metric
          <input
            type="search"
            placeholder="reward, kl, loss …"
            value={search()}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </label>
      </div>
      <p class="hidden-visually" role="status">
        {countOf(found().length, 'metric')}
      </p>
      <div class="curves">
        <Index each={shown()}>{(group, index) => <LineChart title={group().name} curves={curvesOf(index)} />}</Index>
      </div>
      <Show when={found().length > shownAtFirst}>
        <div>
          <button type="button" onClick={() => setShowsAll((shows) => !shows)}>
            {showsAll() ? 'Show fewer' : `Show all ${found().length} metrics`}
          </button>
        </div>
      </Show>
      <For each={found().length === 0 ? [search()] : []}>
        {(text) => <p class="soft">No metric is called “{text}”.</p>}
      </For>
    </>
  );
}
