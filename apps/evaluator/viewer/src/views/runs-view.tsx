import { formatNumber } from '@dgpo/arc';
import { createSignal, For, Show } from 'solid-js';
import type { RunFigure, RunSummary } from '../../../src/viewer/api.js';
import { PageHead } from '../components/page-head.jsx';
import { ProblemList } from '../components/problem-list.jsx';
import { Empty, Fetched } from '../components/states.jsx';
import { countOf, formatCount, formatTime } from '../logic/format.js';
import { toWords } from '../logic/labels.js';
import { toHash } from '../logic/route.js';
import { createRunsQuery, nameOf } from '../runs.js';

const kinds: Readonly<Record<RunSummary['kind'], string>> = {
  training: 'training',
  evaluation: 'evaluation',
  log: 'log',
};

const shownFigures = 3;

/** Everything that the served folder holds. */
export function RunsView() {
  const query = createRunsQuery();
  const [search, setSearch] = createSignal('');
  const matches = (run: RunSummary) =>
    `${run.name} ${run.id} ${run.kind}`.toLowerCase().includes(search().trim().toLowerCase());
  return (
    <>
      <PageHead title="Runs" {...(query.data() === undefined ? {} : { note: query.data()?.directory ?? '' })} />
      <Fetched query={query} what="runs">
        {(data) => {
          const found = () => data().runs.filter(matches);
          return (
            <>
              <ProblemList problems={data().problems} count={data().problems.length} />
              <Show
                when={data().runs.length > 0}
                fallback={
                  <Empty title="No runs yet">
                    The folder holds no run directory, no evaluation and no trajectory file. What is written there
                    appears here by itself.
                  </Empty>
                }
              >
                <div class="finder">
                  <label>
                    Search
                    <input
                      type="search"
                      placeholder="name, folder or kind"
                      value={search()}
                      onInput={(event) => setSearch(event.currentTarget.value)}
                    />
                  </label>
                </div>
                <p class="count" role="status">
                  {countOf(found().length, 'run')}
                </p>
                <div class="card scroll">
                  <table>
                    <thead>
                      <tr>
                        <th scope="col">run</th>
                        <th scope="col">kind</th>
                        <th scope="col">made in</th>
                        <th scope="col" class="number">
                          episodes
                        </th>
                        <th scope="col">figures</th>
                        <th scope="col">changed</th>
                      </tr>
                    </thead>
                    <tbody>
                      <For each={found()}>{(run) => <RunRow run={run} all={data().runs} />}</For>
                    </tbody>
                  </table>
                </div>
              </Show>
            </>
          );
        }}
      </Fetched>
    </>
  );
}

function RunRow(props: { run: RunSummary; all: readonly RunSummary[] }) {
  return (
    <tr>
      <th scope="row">
        <a href={toHash({ view: 'run', run: props.run.id })}>{props.run.name}</a>
      </th>
      <td>
        <span class="tag">{kinds[props.run.kind]}</span>
      </td>
      <td class="soft">{props.run.parent === null ? '–' : nameOf(props.all, props.run.parent)}</td>
      <td class="number">
        <Show when={props.run.episodes > 0} fallback={props.run.progress.isComplete ? '–' : 'reading …'}>
          <a href={toHash({ view: 'episodes', run: props.run.id, filter: {} })}>{formatCount(props.run.episodes)}</a>
        </Show>
        <Show when={props.run.problemCount > 0}>
          <span class="small verdict wrong"> {countOf(props.run.problemCount, 'problem')}</span>
        </Show>
      </td>
      <td>
        <For each={props.run.figures.slice(0, shownFigures)} fallback={<span class="soft">–</span>}>
          {(figure, index) => (
            <>
              <Show when={index() > 0}> · </Show>
              <FigureText figure={figure} />
            </>
          )}
        </For>
      </td>
      <td class="soft">{formatTime(props.run.updatedAt)}</td>
    </tr>
  );
}

function FigureText(props: { figure: RunFigure }) {
  return (
    <>
      <span class="soft">{toWords(props.figure.name)}</span> {formatNumber(props.figure.value ?? Number.NaN)}
    </>
  );
}
