import { For, onCleanup, Show } from 'solid-js';
import type { Facets, FacetValue, RunSummary, SortKey } from '../../../src/viewer/api.js';
import { formatCount } from '../logic/format.js';
import { endingOf, toWords } from '../logic/labels.js';
import type { EpisodeFilter } from '../logic/route.js';

const patience = 150;

const sorts: Readonly<Record<SortKey, string>> = {
  order: 'as in the file',
  question: 'question',
  correct: 'outcome',
  reward: 'reward',
  searches: 'searches',
  tokens: 'tokens',
  step: 'step',
};

const facetNames = ['cause', 'endedBy', 'set', 'group', 'environment', 'policy', 'stage', 'step'] as const;

type FacetName = (typeof facetNames)[number];

const labels: Readonly<Record<FacetName, string>> = {
  cause: 'Cause',
  endedBy: 'Ended',
  set: 'Set',
  group: 'Group',
  environment: 'Environment',
  policy: 'Policy',
  stage: 'Stage',
  step: 'Step',
};

const textOf = (name: FacetName, value: string) =>
  name === 'endedBy' ? endingOf(value) : name === 'cause' ? toWords(value) : value;

/** The same filter with one condition set, or without it. */
function withFacet(filter: EpisodeFilter, name: FacetName, value: string): EpisodeFilter {
  const { [name]: _, ...rest } = filter;
  return value === '' ? rest : { ...rest, [name]: [value] };
}

function without<Name extends keyof EpisodeFilter>(filter: EpisodeFilter, name: Name): Omit<EpisodeFilter, Name> {
  const { [name]: _, ...rest } = filter;
  return rest;
}

export interface EpisodeFiltersProps {
  filter: EpisodeFilter;
  facets: Facets | undefined;
  /** Other runs, to find where they disagree. */
  others: readonly RunSummary[];
  change: (filter: EpisodeFilter) => void;
}

/** Search and conditions of a list of episodes. What all episodes have in common is not offered. */
export function EpisodeFilters(props: EpisodeFiltersProps) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const search = (text: string) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const rest = without(props.filter, 'search');
      props.change(text.trim() === '' ? rest : { ...rest, search: text.trim() });
    }, patience);
  };
  const outcome = () => (props.filter.correct === undefined ? '' : String(props.filter.correct));
  const isOffered = (name: FacetName) => (props.facets?.[name].length ?? 0) > 1 || props.filter[name] !== undefined;
  return (
    <search class="filters" aria-label="Filters">
      <label>
        Search
        <input
          type="search"
          placeholder='words, or "a phrase"'
          value={props.filter.search ?? ''}
          onInput={(event) => search(event.currentTarget.value)}
        />
      </label>
      <label>
        Outcome
        <select
          value={outcome()}
          onChange={({ currentTarget: { value } }) => {
            const rest = without(props.filter, 'correct');
            props.change(value === '' ? rest : { ...rest, correct: value === 'true' });
          }}
        >
          <option value="">any</option>
          <option value="true">right</option>
          <option value="false">wrong</option>
        </select>
      </label>
      <For each={facetNames.filter(isOffered)}>
        {(name) => (
          <FacetSelect
            name={name}
            values={props.facets?.[name] ?? []}
            chosen={(props.filter[name] ?? []).map(String)}
            change={(value) => props.change(withFacet(props.filter, name, value))}
          />
        )}
      </For>
      <Show when={(props.facets?.maxSearches ?? 0) > 0}>
        <label>
          Searches, at least
          <input
            type="number"
            min="0"
            max={props.facets?.maxSearches}
            value={props.filter.minSearches ?? ''}
            onChange={({ currentTarget: { value } }) => {
              const rest = without(props.filter, 'minSearches');
              props.change(/^\d+$/.test(value) ? { ...rest, minSearches: Number(value) } : rest);
            }}
          />
        </label>
      </Show>
      <Show when={props.others.length > 0}>
        <label>
          Disagrees with
          <select
            value={props.filter.disagreesWith ?? ''}
            onChange={({ currentTarget: { value } }) => {
              const rest = without(props.filter, 'disagreesWith');
              props.change(value === '' ? rest : { ...rest, disagreesWith: value });
            }}
          >
            <option value="">no matter</option>
            <For each={props.others}>{(run) => <option value={run.id}>{run.name}</option>}</For>
          </select>
        </label>
      </Show>
      <label>
        Order
        <select
          value={`${props.filter.sort ?? 'order'}${props.filter.descending ? ' down' : ''}`}
          onChange={({ currentTarget: { value } }) => {
            const [sort = 'order', down] = value.split(' ');
            const rest = without(without(props.filter, 'sort'), 'descending');
            props.change({
              ...rest,
              ...(sort === 'order' ? {} : { sort: sort as SortKey }),
              ...(down === undefined ? {} : { descending: true }),
            });
          }}
        >
          <For each={Object.entries(sorts)}>
            {([key, label]) => (
              <>
                <option value={key}>{label} ↑</option>
                <option value={`${key} down`}>{label} ↓</option>
              </>
            )}
          </For>
        </select>
      </label>
    </search>
  );
}

interface FacetSelectProps {
  name: FacetName;
  values: readonly FacetValue[];
  chosen: readonly string[];
  change: (value: string) => void;
}

function FacetSelect(props: FacetSelectProps) {
  const several = () => props.chosen.length > 1;
  const value = () => (several() ? '\u0000' : (props.chosen[0] ?? ''));
  const isListed = () => props.values.some((facet) => facet.value === value());
  return (
    <label>
      {labels[props.name]}
      <select onChange={(event) => props.change(event.currentTarget.value)}>
        <option value="" selected={value() === ''}>
          any
        </option>
        <Show when={several() || (value() !== '' && !isListed())}>
          <option value={value()} selected>
            {several() ? props.chosen.map((chosen) => textOf(props.name, chosen)).join(', ') : value()}
          </option>
        </Show>
        <For each={props.values}>
          {(facet) => (
            <option value={facet.value} selected={facet.value === value()}>
              {textOf(props.name, facet.value)} ({formatCount(facet.count)})
            </option>
          )}
        </For>
      </select>
    </label>
  );
}
