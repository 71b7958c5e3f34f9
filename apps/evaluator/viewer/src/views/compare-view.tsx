import { formatNumber } from '@dgpo/arc';
import { For, Index, Show } from 'solid-js';
import type { PairedCounts, RunSummary, TablesReply } from '../../../src/viewer/api.js';
import { PageHead } from '../components/page-head.jsx';
import { ResultsTable } from '../components/results-table.jsx';
import { Empty, Fetched } from '../components/states.jsx';
import { versionOf } from '../live.js';
import { toHash } from '../logic/route.js';
import { replaceRoute } from '../navigation.js';
import { createQuery } from '../query.js';
import { createRunsQuery, nameOf } from '../runs.js';

const most = 8;

/** Several runs next to each other: their results, and where they disagree. */
export function CompareView(props: { runs: readonly string[] }) {
  const runs = createRunsQuery();
  const tables = createQuery<TablesReply>(
    () => (props.runs.length < 2 ? null : `tables?${new URLSearchParams(props.runs.map((run) => ['run', run]))}`),
    () => props.runs.map((run) => versionOf(run, 'episodes')),
  );
  const toggle = (id: string, isOn: boolean) => {
    const rest = props.runs.filter((run) => run !== id);
    replaceRoute({ view: 'compare', runs: isOn ? [...rest, id] : rest });
  };
  return (
    <>
      <PageHead title="Compare" note="the first run is set against each of the others" />
      <div class="stack">
        <Fetched query={runs} what="runs">
          {(data) => (
            <Choice all={data().runs.filter(({ episodes }) => episodes > 0)} chosen={props.runs} toggle={toggle} />
          )}
        </Fetched>
        <Show
          when={props.runs.length > 1}
          fallback={
            <Empty title="Choose two runs or more">
              Their results are shown side by side, and the questions that one answers right and the other wrong.
            </Empty>
          }
        >
          <Fetched query={tables} what="results">
            {(data) => (
              <>
                <Show when={data().comparisons.length > 0}>
                  <Pairs pairs={data().comparisons} runs={runs.data()?.runs} />
                </Show>
                <h2>Results</h2>
                <Index each={data().tables}>{(table) => <ResultsTable table={table()} />}</Index>
              </>
            )}
          </Fetched>
        </Show>
      </div>
    </>
  );
}

interface ChoiceProps {
  all: readonly RunSummary[];
  chosen: readonly string[];
  toggle: (id: string, isOn: boolean) => void;
}

function Choice(props: ChoiceProps) {
  return (
    <fieldset class="card choice">
      <legend>Runs, at most {most}</legend>
      <For each={props.all} fallback={<p class="soft">No run has episodes.</p>}>
        {(run) => (
          <label>
            <input
              type="checkbox"
              checked={props.chosen.includes(run.id)}
              disabled={!props.chosen.includes(run.id) && props.chosen.length >= most}
              onChange={(event) => props.toggle(run.id, event.currentTarget.checked)}
            />{' '}
            {run.name}
            <Show when={props.chosen[0] === run.id}>
              <span class="tag">first</span>
            </Show>
          </label>
        )}
      </For>
    </fieldset>
  );
}

function Pairs(props: { pairs: readonly PairedCounts[]; runs: readonly RunSummary[] | undefined }) {
  const name = (id: string) => nameOf(props.runs, id);
  return (
    <section class="card" aria-label="Question by question">
      <h2>Question by question</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">pair</th>
              <th scope="col" class="number">
                shared
              </th>
              <th scope="col" class="number">
                both right
              </th>
              <th scope="col" class="number">
                only first
              </th>
              <th scope="col" class="number">
                only second
              </th>
              <th scope="col" class="number">
                neither
              </th>
              <th scope="col" class="number">
                McNemar p
              </th>
              <th scope="col">
                <span class="hidden-visually">episodes</span>
              </th>
            </tr>
          </thead>
          <tbody>
            <For each={props.pairs}>
              {(pair) => (
                <tr>
                  <th scope="row">
                    {name(pair.first)} and {name(pair.second)}
                  </th>
                  <td class="number">{pair.sharedQuestions}</td>
                  <td class="number">{pair.bothCorrect}</td>
                  <td class="number">{pair.onlyFirstCorrect}</td>
                  <td class="number">{pair.onlySecondCorrect}</td>
                  <td class="number">{pair.neitherCorrect}</td>
                  <td class="number">{formatNumber(pair.pValue)}</td>
                  <td>
                    <a href={toHash({ view: 'episodes', run: pair.first, filter: { disagreesWith: pair.second } })}>
                      Where they disagree
                    </a>
                  </td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </section>
  );
}
