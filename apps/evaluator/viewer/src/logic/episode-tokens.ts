import { formatNumber } from '@dgpo/arc';
import type { EpisodeReply, EpisodeSegment, EpisodeToken } from '../../../src/viewer/api.js';
import { formatSigned, visibleToken } from './format.js';
import type { ChannelName } from './token-channels.js';

/** A token with its place in the episode, from 0. */
export interface PlacedToken extends EpisodeToken {
  index: number;
}

export interface PlacedSegment extends Omit<EpisodeSegment, 'tokens'> {
  /** Null where the log keeps text alone, or nobody can tell which part of the text a token is. */
  tokens: PlacedToken[] | null;
}

/** Numbers the tokens of an episode. */
export function placeTokens(segments: readonly EpisodeSegment[]): PlacedSegment[] {
  let index = 0;
  return segments.map(({ tokens, ...segment }) => {
    const placed = tokens?.map((token) => {
      const own = { ...token, index };
      index += 1;
      return own;
    });
    const isReadable = placed?.every(({ text }) => text !== null) ?? false;
    return { ...segment, tokens: isReadable && placed !== undefined ? placed : null };
  });
}

/** The value of a token that a channel shows. */
export const channelValue = (token: EpisodeToken, channel: ChannelName): number | null => token[channel];

/** The values of a channel over an episode. */
export const channelValues = (segments: readonly EpisodeSegment[], channel: ChannelName): (number | null)[] =>
  segments.flatMap(({ tokens }) => tokens?.map((token) => channelValue(token, channel)) ?? []);

/** Whether the episode holds anything of a channel that tokens can be coloured by. */
export function isRecorded(recorded: EpisodeReply['recorded'], channel: ChannelName): boolean {
  return channel === 'mask' || (recorded.text && recorded[channel]);
}

/** A value as it stands below its token: short, with two decimals. */
export function formatValue(value: number | null, channel: ChannelName): string {
  if (value === null) return '–';
  if (channel === 'mask') return String(value);
  const size = Math.abs(value).toFixed(2);
  if (Number(size) === 0) return '0';
  return value < 0 ? `\u2212${size}` : `+${size}`;
}

/** Everything that is known of a token, as one line. */
export function describeToken(token: PlacedToken): string {
  const parts = [
    `“${visibleToken(token.text ?? '')}”`,
    `token ${token.index + 1}`,
    `id ${token.tokenId}`,
    token.mask === 1 ? 'sampled by the policy' : 'given',
  ];
  if (token.logProb !== null) {
    parts.push(`log-prob ${formatSigned(token.logProb)} (p ${formatNumber(Math.exp(token.logProb))})`);
  }
  if (token.teacherKl !== null) parts.push(`teacher KL ${formatSigned(token.teacherKl)}`);
  if (token.advantage !== null) parts.push(`advantage ${formatSigned(token.advantage)}`);
  return parts.join(' · ');
}
