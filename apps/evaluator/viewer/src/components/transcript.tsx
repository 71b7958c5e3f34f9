import { createSignal, For, Show } from 'solid-js';
import type { ColorScale } from '../logic/color-scale.js';
import {
  channelValue,
  describeToken,
  formatValue,
  type PlacedSegment,
  type PlacedToken,
} from '../logic/episode-tokens.js';
import { countOf } from '../logic/format.js';
import { authorOf } from '../logic/labels.js';
import type { ChannelName } from '../logic/token-channels.js';
import { showsNumbers } from '../settings.js';

export interface TranscriptProps {
  segments: readonly PlacedSegment[];
  channel: ChannelName;
  scale: ColorScale;
  /** Tells it from another one on the page. */
  label: string;
  /** Told of the token that the reader moved to by keyboard or click. */
  visit: (token: PlacedToken) => void;
}

/** The text of an episode, segment by segment; where its tokens are known, each in the colour of its value. */
export function Transcript(props: TranscriptProps) {
  let place: HTMLElement | undefined;
  const [current, setCurrent] = createSignal<number>();
  const [pointed, setPointed] = createSignal<{ token: PlacedToken; left: number; top: number }>();
  const tokens = () => props.segments.flatMap((segment) => segment.tokens ?? []);
  const visit = (index: number) => {
    const token = tokens()[index];
    if (token === undefined) return;
    setCurrent(token.index);
    place?.querySelector(`[data-index="${token.index}"]`)?.scrollIntoView({ block: 'nearest' });
    props.visit(token);
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = tokens().findIndex(({ index }) => index === current());
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(tokens().length - 1, at + 1),
      ArrowLeft: Math.max(0, at - 1),
      Home: 0,
      End: tokens().length - 1,
    };
    const target = Object.hasOwn(targets, event.key) ? targets[event.key] : undefined;
    if (target === undefined || tokens().length === 0) return;
    event.preventDefault();
    visit(target);
  };
  const tokenAt = (target: EventTarget | null): { token: PlacedToken; element: Element; at: number } | undefined => {
    const element = target instanceof Element ? target.closest('[data-index]') : null;
    if (!(element instanceof HTMLElement)) return undefined;
    const at = tokens().findIndex(({ index }) => String(index) === element.dataset.index);
    const token = tokens()[at];
    return token === undefined ? undefined : { token, element, at };
  };
  const point = (event: PointerEvent) => {
    const found = tokenAt(event.target);
    if (found === undefined) return setPointed(undefined);
    const box = found.element.getBoundingClientRect();
    setPointed({
      token: found.token,
      left: Math.min(box.left, window.innerWidth - 340),
      top: box.bottom + 90 > window.innerHeight ? box.top - 64 : box.bottom + 6,
    });
  };
  return (
    <section
      ref={place}
      class="transcript"
      aria-label={`${props.label}. Arrow keys move from token to token.`}
      tabindex="0"
      onKeyDown={press}
      onPointerOver={point}
      onPointerLeave={() => setPointed(undefined)}
      onClick={(event) => {
        const found = tokenAt(event.target);
        if (found !== undefined) visit(found.at);
      }}
    >
      <For each={props.segments}>
        {(segment) => (
          <section class={`segment ${segment.kind}`}>
            <h3>
              {authorOf(segment.kind)}
              <Show when={segment.tokens}>{(all) => <span>{countOf(all().length, 'token')}</span>}</Show>
            </h3>
            <Show when={segment.tokens} fallback={<PlainText segment={segment} channel={props.channel} />}>
              {(all) => (
                <div class="tokens" classList={{ 'with-numbers': showsNumbers() }}>
                  <For each={all()}>
                    {(token) => (
                      <span
                        class={`token ${props.scale.stepOf(channelValue(token, props.channel))?.className ?? 'tone-none'}`}
                        classList={{ 'is-current': current() === token.index }}
                        data-index={token.index}
                        data-value={
                          showsNumbers() && (token.mask === 1 || props.channel === 'mask')
                            ? formatValue(channelValue(token, props.channel), props.channel)
                            : undefined
                        }
                      >
                        {token.text}
                      </span>
                    )}
                  </For>
                </div>
              )}
            </Show>
          </section>
        )}
      </For>
      <Show when={pointed()}>
        {(at) => (
          <div class="tooltip" aria-hidden="true" style={{ left: `${at().left}px`, top: `${at().top}px` }}>
            {describeToken(at().token)}
          </div>
        )}
      </Show>
    </section>
  );
}

/** A segment of which only the text is known: all of it has one author. */
function PlainText(props: { segment: PlacedSegment; channel: ChannelName }) {
  const isPolicy = () => props.segment.kind === 'policy' && props.channel === 'mask';
  return (
    <div class="tokens">
      <span classList={{ 'tone-policy': isPolicy() }}>{props.segment.text}</span>
    </div>
  );
}
