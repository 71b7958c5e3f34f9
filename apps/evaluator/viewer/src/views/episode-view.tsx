import { createMemo, createSignal, Show } from 'solid-js';
import type { EpisodeReply } from '../../../src/viewer/api.js';
import { ChannelToolbar } from '../components/channel-toolbar.jsx';
import { EpisodeFacts, EpisodeMeasures } from '../components/episode-facts.jsx';
import { PageHead } from '../components/page-head.jsx';
import { SameQuestion } from '../components/same-question.jsx';
import { SearchList } from '../components/search-list.jsx';
import { Failed, Loading } from '../components/states.jsx';
import { Transcript } from '../components/transcript.jsx';
import { useKeys } from '../keys.js';
import { versionOf } from '../live.js';
import { colorScale } from '../logic/color-scale.js';
import { channelValues, describeToken, isRecorded, placeTokens } from '../logic/episode-tokens.js';
import { type Route, toHash } from '../logic/route.js';
import type { ChannelName } from '../logic/token-channels.js';
import { goTo, replaceRoute } from '../navigation.js';
import { createQuery, retryOn } from '../query.js';

type EpisodeRoute = Extract<Route, { view: 'episode' }>;

/** One episode: how it came out, its transcript in colours, what it searched and found, and who else was asked. */
export function EpisodeView(props: { route: EpisodeRoute }) {
  const run = () => props.route.run;
  const query = createQuery<EpisodeReply>(
    () => `episode?${new URLSearchParams({ run: props.route.run, key: props.route.key })}`,
  );
  retryOn(query, () => versionOf(run(), 'episodes'));
  const goToKey = (key: string | null | undefined) => {
    if (typeof key === 'string') goTo({ view: 'episode', run: run(), key, channel: props.route.channel });
  };
  useKeys({
    u: () => goTo({ view: 'episodes', run: run(), filter: {} }),
    j: () => goToKey(query.data()?.next),
    k: () => goToKey(query.data()?.previous),
  });
  return (
    <>
      <PageHead
        title={query.data()?.question ?? `Episode ${props.route.key}`}
        crumbs={[
          { text: 'Runs', route: { view: 'runs' } },
          { text: query.data()?.runName ?? run(), route: { view: 'run', run: run() } },
          { text: 'Episodes', route: { view: 'episodes', run: run(), filter: {} } },
        ]}
      >
        <Neighbour text="Previous" run={run()} key={query.data()?.previous} channel={props.route.channel} />
        <Neighbour text="Next" run={run()} key={query.data()?.next} channel={props.route.channel} />
      </PageHead>
      <Show
        when={query.data()}
        keyed
        fallback={
          <Show when={query.error()} fallback={<Loading what="episode" />}>
            {(error) => <Failed error={error()} retry={() => query.reload()} />}
          </Show>
        }
      >
        {(episode) => <Episode episode={episode} route={props.route} />}
      </Show>
    </>
  );
}

function Neighbour(props: { text: string; run: string; key: string | null | undefined; channel: ChannelName | null }) {
  return (
    <Show when={props.key}>
      {(key) => (
        <a class="button" href={toHash({ view: 'episode', run: props.run, key: key(), channel: props.channel })}>
          {props.text}
        </a>
      )}
    </Show>
  );
}

function Episode(props: { episode: EpisodeReply; route: EpisodeRoute }) {
  const [details, setDetails] = createSignal<string | null>(null);
  const channel = createMemo((): ChannelName => {
    const wanted = props.route.channel ?? 'mask';
    return isRecorded(props.episode.recorded, wanted) ? wanted : 'mask';
  });
  const segments = createMemo(() => placeTokens(props.episode.segments));
  const scale = createMemo(() => colorScale(channel(), channelValues(props.episode.segments, channel())));
  return (
    <div class="stack">
      <ChannelToolbar
        channel={channel()}
        scale={scale()}
        recorded={props.episode.recorded}
        choose={(name) => replaceRoute({ ...props.route, channel: name })}
        details={details()}
      />
      <div class="episode">
        <div class="card">
          <h2 class="hidden-visually">Transcript</h2>
          <Transcript
            label="Transcript"
            segments={segments()}
            channel={channel()}
            scale={scale()}
            visit={(token) => setDetails(describeToken(token))}
          />
        </div>
        <div class="aside">
          <h2 class="hidden-visually">Outcome</h2>
          <EpisodeFacts episode={props.episode} label="Outcome" />
          <SearchList actions={props.episode.actions} level={2} label="Actions and passages" />
          <SameQuestion run={props.episode.run} episodeKey={props.episode.row.key} />
          <EpisodeMeasures episode={props.episode} />
        </div>
      </div>
    </div>
  );
}
