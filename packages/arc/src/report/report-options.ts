import type { Trajectory } from '@dgpo/trajectory';
import type { TableOptions } from '../format-table.js';
import type { Figure } from '../statistics/figure.js';

/** A number to show large at the top. */
export interface ReportHighlight {
  label: string;
  value: string;
  /** A few words below it. */
  note?: string;
}

export interface ReportTable extends TableOptions {
  title: string;
  /** A sentence or two below it. */
  caption?: string;
}

export interface CurveSeries {
  name: string;
  /** `[x, y]` in ascending x; a point that is not finite breaks the line. */
  points: readonly (readonly [number, number])[];
  /** `[x, low, high]` of an interval to shade, in ascending x. */
  band?: readonly (readonly [number, number, number])[];
  /** Number of its colour from 0, to have the same one in several charts. @default its place in the series */
  color?: number;
}

export interface ReportCurve {
  title: string;
  xLabel: string;
  yLabel?: string;
  series: readonly CurveSeries[];
  /** Bounds of the vertical axis. @default around the values */
  yRange?: readonly [number, number];
  caption?: string;
}

export interface BarSeries {
  name: string;
  /** One per category: a figure is drawn with its interval, null leaves a gap. */
  values: readonly (Figure | number | null)[];
}

export interface ReportBars {
  title: string;
  categories: readonly string[];
  series: readonly BarSeries[];
  yLabel?: string;
  /** Upper end of the axis, which starts at 0. @default above the values */
  max?: number;
  caption?: string;
}

/** A link to a transcript of the same page. */
export interface TranscriptLink {
  text: string;
  /** The `anchor` of the transcript. */
  anchor: string;
}

export interface BreakdownRow {
  label: string;
  /** What it means, in small print. */
  note?: string;
  /** A share, drawn as a bar from 0 to 1 with its interval. */
  value: Figure;
  /** How many episodes that is. */
  episodes: number;
  /** Episodes of the page to look at. @default none */
  examples?: readonly TranscriptLink[];
}

/** Shares one below the other, each with the episodes behind it. */
export interface ReportBreakdown {
  title: string;
  rows: readonly BreakdownRow[];
  caption?: string;
}

export interface RadarSeries {
  name: string;
  /** One per axis, in [0, max]; what is not finite is drawn as 0. */
  values: readonly number[];
}

export interface ReportRadar {
  title: string;
  /** At least three. */
  axes: readonly string[];
  series: readonly RadarSeries[];
  /** The value at the rim. @default 1 */
  max?: number;
  caption?: string;
}

export interface ReportTranscript {
  /** Whose episode it is, such as the name of a model. */
  label: string;
  trajectory: Trajectory;
  /** Whether it is unfolded at first. @default false */
  open?: boolean;
  /** What links of the page call it: letters, digits and hyphens. @default it cannot be linked to */
  anchor?: string;
  /** What to say of it above its text, such as why it failed. @default nothing */
  facts?: readonly TranscriptFact[];
}

export interface TranscriptFact {
  name: string;
  value: string;
}

/** Episodes of one question next to each other, such as before and after training. */
export interface ReportComparison {
  /** One column each; all of the same question. */
  sides: readonly Pick<ReportTranscript, 'label' | 'trajectory'>[];
  /** Whether it is unfolded at first. @default false */
  open?: boolean;
}

export interface ReportOptions {
  title: string;
  subtitle?: string;
  highlights?: readonly ReportHighlight[];
  tables?: readonly ReportTable[];
  bars?: readonly ReportBars[];
  radar?: ReportRadar;
  /** Beside the other charts. */
  breakdowns?: readonly ReportBreakdown[];
  /** What comes first. @default 'tables' */
  lead?: 'tables' | 'charts';
  curves?: readonly ReportCurve[];
  comparisons?: readonly ReportComparison[];
  transcripts?: readonly ReportTranscript[];
  /** Paragraphs at the end, plain text. */
  notes?: readonly string[];
  /** Language of the text, as a BCP 47 tag. @default 'en' */
  language?: string;
}
