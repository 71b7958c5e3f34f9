import { element, type MarkupElement } from './markup.js';
import type { ReportTranscript } from './report-options.js';
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
export function renderTranscript({ label, trajectory, open = false }: ReportTranscript): MarkupElement {
  const { task, outcome } = trajectory;
  const ending = endingNotes[outcome.endedBy];
  return element(
    'details',
    { class: 'transcript', open },
    element(
      'summary',
      {},
      element(
        'span',
        { class: outcome.correct ? 'verdict right' : 'verdict wrong' },
        outcome.correct ? '✓ correct' : '✗ wrong',
      ),
      element('span', { class: 'who' }, label),
      element('span', { class: 'question', dir: 'auto' }, task.question),
    ),
    element(
      'dl',
      {},
      element('dt', {}, 'answered'),
      element('dd', { dir: 'auto' }, outcome.answer ?? '–', ending === null ? null : element('em', {}, ` (${ending})`)),
      element('dt', {}, 'golden'),
      element('dd', { dir: 'auto' }, task.goldenAnswers.length === 0 ? '–' : task.goldenAnswers.join(' · ')),
      outcome.error === undefined ? null : [element('dt', {}, 'error'), element('dd', {}, outcome.error)],
    ),
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
    ),
  );
}
