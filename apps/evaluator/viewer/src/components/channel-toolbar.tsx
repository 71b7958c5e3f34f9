import { For, Show } from 'solid-js';
import type { EpisodeReply } from '../../../src/viewer/api.js';
import { useKeys } from '../keys.js';
import type { ColorScale } from '../logic/color-scale.js';
import { isRecorded } from '../logic/episode-tokens.js';
import { type ChannelName, channelNames, channels } from '../logic/token-channels.js';
import { setNumbers, showsNumbers } from '../settings.js';

export interface ChannelToolbarProps {
  channel: ChannelName;
  scale: ColorScale;
  recorded: EpisodeReply['recorded'];
  choose: (channel: ChannelName) => void;
  /** What is known of the token that the reader is at. */
  details: string | null;
}

/** Chooses what tokens are coloured by, and says what the colours mean. */
export function ChannelToolbar(props: ChannelToolbarProps) {
  const choose = (channel: ChannelName) => {
    if (isRecorded(props.recorded, channel)) props.choose(channel);
  };
  useKeys({
    ...Object.fromEntries(channelNames.map((name, index) => [String(index + 1), () => choose(name)])),
    n: () => setNumbers(!showsNumbers()),
  });
  return (
    <section class="toolbar" aria-label="Colours of tokens">
      <fieldset>
        <legend>Colour by</legend>
        <For each={channelNames}>
          {(name) => (
            <label
              classList={{ 'is-off': !isRecorded(props.recorded, name) }}
              title={isRecorded(props.recorded, name) ? channels[name].description : 'Not recorded in this log'}
            >
              <input
                type="radio"
                name="channel"
                value={name}
                checked={props.channel === name}
                disabled={!isRecorded(props.recorded, name)}
                onChange={() => choose(name)}
              />
              {channels[name].label}
              <Show when={!isRecorded(props.recorded, name)}>
                <span class="hidden-visually"> (not recorded in this log)</span>
              </Show>
            </label>
          )}
        </For>
      </fieldset>
      <label>
        <input type="checkbox" checked={showsNumbers()} onChange={(event) => setNumbers(event.currentTarget.checked)} />
        Numbers
      </label>
      <ul class="scale" aria-label={`Scale of ${channels[props.channel].label}`}>
        <For each={props.scale.steps}>{(step) => <li class={step.className}>{step.label}</li>}</For>
      </ul>
      <p class="token-details" role="status">
        {props.details ?? channels[props.channel].description}
      </p>
    </section>
  );
}
