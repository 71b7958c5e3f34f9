import type { Task, Trajectory } from '@dgpo/trajectory';
import { element, type Markup, type MarkupElement } from './markup.js';
import type { ReportComparison, ReportTranscript } from './report-options.js';
import { splitTranscript, type TranscriptPart } from './split-transcript.js';

const labels: Record<TranscriptPart['kind'], string> = {
  prompt: 'prompt',
  think: 'think',
  search: 'search',
  information: 'information',
  answer: 'answer',
  text: 'outside of tags',
  notice: 'environment',
};

const endingNotes = {
  answer: null,
  turns: 'no turns left',
  length: 'context full',
  error: 'environment error',
} as const;

/** One episode, folded under its question and verdict. */
export function renderTranscript(transcript: ReportTranscript): MarkupElement {
  const { label, trajectory, open = false, anchor, facts = [] } = transcript;
  const { task, outcome } = trajectory;
  return element(
    'details',
    { class: 'transcript', open },
    element(
      'summary',
      {},
      renderVerdict(outcome.correct, outcome.correct ? 'correct' : 'wrong'),
      element('span', { class: 'who' }, label),
      element('span', { class: 'question', dir: 'auto' }, task.question),
    ),
    // Browsers unfold a folded element to show what a link inside of it points at.
    element(
      'div',
      { id: anchor },
      renderFacts([...answerFacts(trajectory), goldenFact(task), ...errorFacts(trajectory), ...facts]),
    ),
    renderParts(trajectory),
  );
}

/** Episodes of one question in columns, folded under the question and the verdict on each. */
export function renderComparison({ sides, open = false }: ReportComparison): MarkupElement {
  const [first] = sides;
  if (first === undefined) throw new RangeError('a comparison needs at least one side');
  const { task } = first.trajectory;
  return element(
    'details',
    { class: 'transcript', open },
    element(
      'summary',
      {},
      sides.map(({ label, trajectory }) => renderVerdict(trajectory.outcome.correct, label)),
      element('span', { class: 'question', dir: 'auto' }, task.question),
    ),
    renderFacts([goldenFact(task)]),
    element(
      'div',
      { class: 'sides' },
      sides.map(({ label, trajectory }) =>
        element(
          'section',
          { 'aria-label': label },
          element('h3', {}, label),
          renderFacts([...answerFacts(trajectory), ...errorFacts(trajectory)]),
          renderParts(trajectory),
        ),
      ),
    ),
  );
}

const renderVerdict = (isRight: boolean, text: string) =>
  element('span', { class: isRight ? 'verdict right' : 'verdict wrong' }, `${isRight ? '✓' : '✗'} ${text}`);

interface Fact {
  name: string;
  value: Markup;
}

const renderFacts = (facts: readonly Fact[]) =>
  element(
    'dl',
    {},
    facts.map(({ name, value }) => [element('dt', {}, name), element('dd', { dir: 'auto' }, value)]),
  );

function answerFacts({ outcome }: Trajectory): Fact[] {
  const ending = endingNotes[outcome.endedBy];
  const note = ending === null ? null : element('em', {}, ` (${ending})`);
  return [{ name: 'answered', value: [outcome.answer ?? '–', note] }];
}

const goldenFact = ({ goldenAnswers }: Task): Fact => ({
  name: 'golden',
  value: goldenAnswers.length === 0 ? '–' : goldenAnswers.join(' · '),
});

const errorFacts = ({ outcome }: Trajectory): Fact[] =>
  outcome.error === undefined ? [] : [{ name: 'error', value: outcome.error }];

const renderParts = (trajectory: Trajectory): Markup =>
  splitTranscript(trajectory).map(({ kind, text }) =>
    kind === 'prompt'
      ? element(
          'details',
          { class: 'part prompt' },
          element('summary', {}, labels.prompt),
          element('div', { dir: 'auto' }, text),
        )
      : element(
          'div',
          { class: `part ${kind}` },
          element('b', {}, labels[kind]),
          element('div', { dir: 'auto' }, text),
        ),
  );
