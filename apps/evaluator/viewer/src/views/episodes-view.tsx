import { Show } from 'solid-js';
import type { EpisodesReply } from '../../../src/viewer/api.js';
import { EpisodeFilters } from '../components/episode-filters.jsx';
import { EpisodeGrid } from '../components/episode-grid.jsx';
import { PageHead } from '../components/page-head.jsx';
import { ProblemList } from '../components/problem-list.jsx';
import { RunTabs } from '../components/run-tabs.jsx';
import { Empty, Failed, Loading } from '../components/states.jsx';
import { createEpisodePages } from '../episode-pages.js';
import { useKeys } from '../keys.js';
import { versionOf } from '../live.js';
import { countOf, formatCount } from '../logic/format.js';
import { type EpisodeFilter, toParameters } from '../logic/route.js';
import { goTo, replaceRoute } from '../navigation.js';
import { createRunsQuery, nameOf } from '../runs.js';

/** What the list holds, for eyes and ears. */
const countText = ({ total, episodes }: EpisodesReply) =>
  total === episodes ? countOf(episodes, 'episode') : `${formatCount(total)} of ${countOf(episodes, 'episode')}`;

/** How far reading is; empty when all of it is done. */
function progressText({ progress }: EpisodesReply): string {
  if (!progress.isComplete) {
    return `reading, ${Math.floor((100 * progress.bytesRead) / Math.max(1, progress.bytesTotal))} %`;
  }
  if (progress.causesKnown >= progress.causesTotal) return '';
  return `causes of ${formatCount(progress.causesKnown)} of ${formatCount(progress.causesTotal)} failures known so far`;
}

/** The episodes of a run, searched and filtered. */
export function EpisodesView(props: { run: string; filter: EpisodeFilter }) {
  const runs = createRunsQuery();
  const pages = createEpisodePages(
    () => props.run,
    () => props.filter,
    () => versionOf(props.run, 'episodes'),
  );
  const others = () => runs.data()?.runs.filter(({ id, episodes }) => id !== props.run && episodes > 0) ?? [];
  const change = (filter: EpisodeFilter) => replaceRoute({ view: 'episodes', run: props.run, filter });
  useKeys({ u: () => goTo({ view: 'run', run: props.run }) });
  return (
    <div class="fill">
      <PageHead
        title={nameOf(runs.data()?.runs, props.run)}
        note="episodes"
        crumbs={[{ text: 'Runs', route: { view: 'runs' } }]}
      />
      <RunTabs run={props.run} current="episodes" />
      <EpisodeFilters filter={props.filter} facets={pages.reply()?.facets} others={others()} change={change} />
      <Show when={pages.error()}>{(error) => <Failed error={error()} retry={() => pages.reload()} />}</Show>
      <Show when={pages.reply()} fallback={<Show when={!pages.error()}>{<Loading what="episodes" />}</Show>}>
        {(reply) => (
          <>
            <div class="count">
              <span role="status">{countText(reply())}</span>
              <Show when={progressText(reply())}>{(text) => <span>{text()}</span>}</Show>
              <Show when={Object.keys(props.filter).length > 0}>
                <button type="button" onClick={() => change({})}>
                  Clear filters
                </button>
              </Show>
            </div>
            <ProblemList problems={reply().problems} count={reply().problemCount} />
            <Show
              when={reply().total > 0}
              fallback={
                <Empty title={reply().episodes === 0 ? 'No episodes yet' : 'No episode meets all conditions'}>
                  {reply().episodes === 0
                    ? 'They appear here by themselves when the run writes some.'
                    : 'Take a condition away, or search for fewer words.'}
                </Empty>
              }
            >
              <EpisodeGrid
                run={props.run}
                identity={toParameters({ run: props.run, ...props.filter }).toString()}
                total={reply().total}
                rowAt={pages.rowAt}
                show={pages.show}
                isBusy={pages.isStale()}
              />
            </Show>
          </>
        )}
      </Show>
    </div>
  );
}
