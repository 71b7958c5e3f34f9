import { createMemo, createSignal, Show } from 'solid-js';
import type { EpisodeReply } from '../../../src/viewer/api.js';
import { ChannelToolbar } from '../components/channel-toolbar.jsx';
import { EpisodeFacts } from '../components/episode-facts.jsx';
import { PageHead } from '../components/page-head.jsx';
import { SearchList } from '../components/search-list.jsx';
import { Failed, Loading } from '../components/states.jsx';
import { Transcript } from '../components/transcript.jsx';
import { useKeys } from '../keys.js';
import { versionOf } from '../live.js';
import { type ColorScale, colorScale } from '../logic/color-scale.js';
import { channelValues, describeToken, isRecorded, placeTokens } from '../logic/episode-tokens.js';
import { type EpisodeName, type Route, toHash } from '../logic/route.js';
import type { ChannelName } from '../logic/token-channels.js';
import { goTo, replaceRoute } from '../navigation.js';
import { createQuery, retryOn } from '../query.js';

type PairRoute = Extract<Route, { view: 'pair' }>;

function createEpisodeQuery(name: () => EpisodeName) {
  const query = createQuery<EpisodeReply>(() => `episode?${new URLSearchParams({ run: name().run, key: name().key })}`);
  retryOn(query, () => versionOf(name().run, 'episodes'));
  return query;
}

/** Two episodes on one question, side by side, in the same colours. */
export function PairView(props: { route: PairRoute }) {
  const first = createEpisodeQuery(() => props.route.first);
  const second = createEpisodeQuery(() => props.route.second);
  const both = createMemo((): [EpisodeReply, EpisodeReply] | undefined => {
    const [left, right] = [first.data(), second.data()];
    return left === undefined || right === undefined ? undefined : [left, right];
  });
  const error = () => first.error() ?? second.error();
  const retry = () => {
    first.reload();
    second.reload();
  };
  useKeys({ u: () => goTo({ view: 'episode', ...props.route.first, channel: props.route.channel }) });
  return (
    <>
      <PageHead
        title={first.data()?.question ?? 'Side by side'}
        crumbs={[
          { text: 'Runs', route: { view: 'runs' } },
          { text: first.data()?.runName ?? props.route.first.run, route: { view: 'run', run: props.route.first.run } },
          { text: 'Episode', route: { view: 'episode', ...props.route.first, channel: null } },
        ]}
      />
      <Show
        when={both()}
        keyed
        fallback={
          <Show when={error()} fallback={<Loading what="episodes" />}>
            {(failure) => <Failed error={failure()} retry={retry} />}
          </Show>
        }
      >
        {(episodes) => <Pair episodes={episodes} route={props.route} />}
      </Show>
    </>
  );
}

function Pair(props: { episodes: [EpisodeReply, EpisodeReply]; route: PairRoute }) {
  const [details, setDetails] = createSignal<string | null>(null);
  const [left, right] = props.episodes;
  // A channel that one of the two lacks still says something of the other.
  const recorded = {
    text: left.recorded.text || right.recorded.text,
    logProb: left.recorded.logProb || right.recorded.logProb,
    teacherKl: left.recorded.teacherKl || right.recorded.teacherKl,
    advantage: left.recorded.advantage || right.recorded.advantage,
  };
  const channel = createMemo((): ChannelName => {
    const wanted = props.route.channel ?? 'mask';
    return isRecorded(recorded, wanted) ? wanted : 'mask';
  });
  const scale = createMemo(() =>
    colorScale(channel(), channelValues([...left.segments, ...right.segments], channel())),
  );
  const side = (episode: EpisodeReply, fallback: string) => (
    <Side
      episode={episode}
      name={left.runName === right.runName ? `${episode.runName}, ${fallback}` : episode.runName}
      channel={channel()}
      scale={scale()}
      visit={setDetails}
    />
  );
  return (
    <div class="stack">
      <ChannelToolbar
        channel={channel()}
        scale={scale()}
        recorded={recorded}
        choose={(name) => replaceRoute({ ...props.route, channel: name })}
        details={details()}
      />
      <div class="sides">
        {side(left, describeRow(left))}
        {side(right, describeRow(right))}
      </div>
    </div>
  );
}

const describeRow = ({ row }: EpisodeReply) =>
  row.step === null ? `sample ${row.sample}` : `step ${row.step}, sample ${row.sample}`;

interface SideProps {
  episode: EpisodeReply;
  name: string;
  channel: ChannelName;
  scale: ColorScale;
  visit: (details: string) => void;
}

function Side(props: SideProps) {
  const segments = createMemo(() => placeTokens(props.episode.segments));
  return (
    <section class="stack" aria-label={props.name}>
      <h2>
        <a href={toHash({ view: 'episode', run: props.episode.run, key: props.episode.row.key, channel: null })}>
          {props.name}
        </a>
      </h2>
      <EpisodeFacts episode={props.episode} label={`Outcome of ${props.name}`} />
      <div class="card">
        <Transcript
          label={`Transcript of ${props.name}`}
          segments={segments()}
          channel={props.channel}
          scale={props.scale}
          visit={(token) => props.visit(describeToken(token))}
        />
      </div>
      <SearchList actions={props.episode.actions} level={3} label={`Actions and passages of ${props.name}`} />
    </section>
  );
}
